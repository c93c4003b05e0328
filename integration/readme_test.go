package integration

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the README has a reader type, and what of it is run elsewhere.
var elsewhere = []string{
	"make demo",                 // TestDemo
	"make test",                 // that is us
	"make study",                // package study
	"make && sudo make install", // TestInstall
	"make release",              // TestRelease of scripts/release
	"jobpipe-ssh",               // testdata/script/ssh.txt
	"jobpipe-slurm",             // testdata/script/slurm.txt
	"cat process.sh",            // shows a file
	"# cat /etc/jobpipe/",       // shows another
	"# systemctl enable",        // the unit: TestUnit
	"split -d",                  // testdata/script/several-coordinators.txt, and the next ones, too
	"one$ jobpipe",
	"two$ jobpipe",
	"jobpipe-worker -c one:9000",
	"COPY --from=", // a file for builds of images, and the next one, too
	"ENTRYPOINT [",
	"cd scripts/kubernetes", // the manifests: TestRun of scripts/kubernetes
}

// commandsOf are the command lines of a README: those after a $, and in blocks
// without any those that have jobpipe, or make, in them, and are no message.
func commandsOf(readme string) (list []string) {
	for line := range strings.Lines(readme) {
		text, indented := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    ")
		if !indented || strings.HasPrefix(text, "jobpipe: ") {
			continue
		}
		text, _, _ = strings.Cut(text, " #")
		text = strings.TrimSpace(text)
		if command, typed := strings.CutPrefix(text, "$ "); typed {
			list = append(list, command)
		} else if strings.Contains(text, "jobpipe") || strings.HasPrefix(text, "make") {
			list = append(list, text)
		}
	}
	return list
}

// TestReadme runs the commands of the README, with another port than 9000, with
// this machine for the other ones, and with a cp for an scp.
func TestReadme(t *testing.T) {
	require(t, "curl", "jq", "mlr")
	data, err := os.ReadFile(top(t) + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(data)
	p := newPlace(t)
	listed := commandsOf(readme)
	used := map[string]bool{}
	// command returns the one that has all of these words, ready to be run.
	port := freeTCPPort(t)
	command := func(words ...string) []string {
		t.Helper()
		i := slices.IndexFunc(listed, func(c string) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(c, w) })
		})
		if i < 0 {
			t.Fatalf("the README has no command with %q; it has:\n%s", words, strings.Join(listed, "\n"))
		}
		used[listed[i]] = true
		line := regexp.MustCompile(`(\b(host|here))?:9000\b`).ReplaceAllStringFunc(listed[i], func(where string) string {
			host, _, _ := strings.Cut(where, ":")
			return strings.NewReplacer("host", "127.0.0.1", "here", "127.0.0.1").Replace(host) + ":" + port
		})
		return []string{"sh", "-c", line}
	}

	script := processOf(t, readme)
	p.write("process.sh", script)
	var urls, want strings.Builder
	for i := range 30 {
		page := fmt.Sprintf("page%d", i)
		p.write(page, strings.Repeat("x", 100*i))
		fmt.Fprintf(&urls, "file://%s\n", p.abs(page))
		fmt.Fprintf(&want, "file://%s\t%d\n", p.abs(page), 100*i)
	}
	p.write("urls.txt", urls.String())
	p.write("jobs.txt", urls.String())
	p.write("scp", "#!/bin/sh\ncp \"$THERE/${1#here:}\" \"$2\"\n")
	for _, file := range []string{"process.sh", "scp"} {
		if err := os.Chmod(p.abs(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	same := func(file, want string) {
		t.Helper()
		got := slices.Sorted(strings.Lines(p.read(file)))
		if !slices.Equal(got, slices.Sorted(strings.Lines(want))) {
			t.Errorf("%s holds:\n%s", file, strings.Join(got, ""))
		}
	}

	// The three lines at the top.
	c := p.startIn(p.dir, "here", command("cat jobs.txt", "--listen :9000"))
	w := p.startIn(p.dir, "there", command("jobpipe-worker -c host:9000"))
	p.finish(c, 0)
	p.finish(w, 0)
	same("results.txt", want.String())
	p.finish(p.startIn(p.dir, "local", command("cat jobs.txt | jobpipe -- ")), 0)
	same("results.txt", want.String())

	// Two machines: the other one begins without a key.
	p.finish(p.startIn(p.dir, "head", command("head urls.txt")), 0)
	if got := strings.Count(p.read("head.out"), "\n"); got != 10 {
		t.Errorf("head: %d results", got)
	}
	p.write("urls.txt", urls.String()+"file://"+p.abs("page-missing")+"\n")
	c = p.startIn(p.dir, "here", command("--listen :9000", "--retries 2", "--failed failed.txt"))
	there := p.abs("there")
	if err := os.Mkdir(there, 0o755); err != nil {
		t.Fatal(err)
	}
	here := p.env
	p.env = append(slices.Clone(here), "HOME="+there, "THERE="+p.abs(".home"), "PATH="+p.dir+":"+os.Getenv("PATH"))
	p.finish(p.startIn(p.dir, "scp", command("scp here:")), 0)
	w = p.startIn(p.dir, "there", command("jobpipe-worker -c here:9000"))
	p.env = here
	p.finish(c, 0) // curl fails, and wc does not
	p.finish(w, 0)
	same("sizes.txt", want.String()+"file://"+p.abs("page-missing")+"\t0\n")
	if failed := p.read("failed.txt"); failed != "" {
		t.Errorf("failed.txt holds %q", failed)
	}
	p.write("failed.txt", urls.String())
	p.write("sizes.txt", "")
	p.finish(p.startIn(p.dir, "again", command("< failed.txt")), 0)
	same("sizes.txt", want.String())

	p.write("urls.txt", urls.String()+"no-such\n")
	p.write("process.sh", strings.Replace(script, "read -r url\n", "read -r url\ntest $url != no-such || exit 1\n", 1))
	p.finish(p.startIn(p.dir, "objects", command("--format jsonl")), 1)
	p.finish(p.startIn(p.dir, "jq", command("jq -r")), 0)
	if failed := p.read("failed.txt"); failed != "no-such\n" {
		t.Errorf("failed.txt holds %q", failed)
	}
	p.finish(p.startIn(p.dir, "mlr", command("mlr ")), 0)
	if !regexp.MustCompile(`(?m)^worker +seconds_count .*\n.* 31 `).MatchString(p.read("mlr.out")) {
		t.Errorf("mlr prints:\n%s", p.read("mlr.out"))
	}
	p.write("process.sh", script)

	// Which worker is slow.
	p.write("urls.txt", urls.String())
	before := len(p.processes)
	p.startIn(p.dir, "traced", command("--listen :9000", "--trace run.json"))
	for name, pause := range map[string]string{"one": "0", "two": "0", "old": "0.5"} {
		p.startIn(p.dir, name, []string{"jobpipe-worker", "-c", "127.0.0.1:" + port, "--name", name, "-j", "1", "--", "sh", "-c", "sleep " + pause + "; ./process.sh"})
	}
	for _, one := range p.processes[before:] {
		p.finish(one, 0)
	}
	same("sizes.txt", want.String())
	if jobs, _ := ran(t, p.abs("run.json")); len(jobs) != 30 {
		t.Errorf("the trace holds %d jobs", len(jobs))
	}
	draw := command("timeline < run.json")
	draw[2] = "cd $TOP; " + strings.Replace(draw[2], "run.json", p.abs("run.json"), 1)
	p.finish(p.startIn(p.dir, "drawn", draw), 0)
	if drawn := p.read("drawn.out"); !regexp.MustCompile(`\n\nworker +jobs +mean time +longest\nold +\d+ `).MatchString(drawn) {
		t.Errorf("the slow worker does not come first:\n%s", drawn)
	}

	p.write("big.txt", "one\ntwo\n")
	p.finish(p.startIn(p.dir, "upper", command("jobpipe -k --lines")), 0)
	if got := p.read("BIG.txt"); got != "ONE\nTWO\n" {
		t.Errorf("BIG.txt holds %q", got)
	}

	for _, line := range listed {
		if !used[line] && !slices.ContainsFunc(elsewhere, func(e string) bool { return strings.HasPrefix(line, e) }) {
			t.Errorf("no test runs this command of the README: %s", line)
		}
	}
}

// processOf returns the script that the README shows.
func processOf(t *testing.T, readme string) string {
	t.Helper()
	_, after, found := strings.Cut(readme, "    $ cat process.sh\n")
	block, _, ended := strings.Cut(after, "\n\n")
	if !found || !ended || !strings.HasPrefix(block, "    #!/bin/sh") {
		t.Fatal("the README does not show process.sh")
	}
	return strings.ReplaceAll(strings.TrimPrefix(block, "    "), "\n    ", "\n") + "\n"
}

// freeTCPPort is one that nobody has, and that the system gives nobody who connects:
// those are higher.
func freeTCPPort(t testing.TB) string {
	t.Helper()
	const first, beyond = 10_000, 32_000
	for range beyond - first {
		port := strconv.Itoa(first + rand.IntN(beyond-first))
		if l, err := net.Listen("tcp", ":"+port); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
