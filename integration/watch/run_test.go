package watch

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A process is one that a test has started.
type process struct {
	*exec.Cmd
	ended chan struct{}

	mu     sync.Mutex
	stderr bytes.Buffer // guarded by mu
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// start starts one of ours in a directory. Whatever is left of it is killed in the end.
func start(t *testing.T, dir string, stdin io.Reader, stdout io.Writer, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(filepath.Join(bin, args[0]), args[1:]...), ended: make(chan struct{})}
	p.Dir, p.Stdin, p.Stdout, p.Stderr = dir, stdin, stdout, p
	p.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) finish(t *testing.T, want int) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(tolerance):
		t.Fatalf("%s has not ended:\n%s", p.Path, p.said())
	}
	if got := p.ProcessState.ExitCode(); got != want {
		t.Fatalf("%s ended with status %d, want %d:\n%s", p.Path, got, want, p.said())
	}
}

// eventually waits for something to be there.
func eventually(t *testing.T, p *process, look func() string) string {
	t.Helper()
	for deadline := time.Now().Add(tolerance); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := look(); found != "" {
			return found
		}
	}
	t.Fatalf("waited in vain for %s:\n%s", p.Path, p.said())
	return ""
}

var where = regexp.MustCompile(`to watch this run: (http://\S+/)\n`)

// url is where the run can be watched.
func (p *process) url(t *testing.T) string {
	t.Helper()
	return eventually(t, p, func() string {
		if m := where.FindStringSubmatch(p.said()); m != nil {
			return m[1]
		}
		return ""
	})
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// pipe is a pipe that ends with the test.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// TestRealRun: what is seen is what happens.
func TestRealRun(t *testing.T) {
	need(t, "chromium")
	dir := t.TempDir()
	write(t, dir, "job", "read -r n\ncase $n in bad*) echo \"<b>no $n</b>\" >&2; exit 3;; esac\nuntil test -e go-$n; do sleep 0.02; done\necho $n\n")
	stdin, feed := pipe(t)
	var results bytes.Buffer
	c := start(t, dir, stdin, &results, "jobpipe", "--http", "0", "-l", "127.0.0.1:0", "--listen-file", "addr", "--insecure",
		"--retries", "1", "--dead-after", "500ms", "--grace", "2s")
	b := open(t, c.url(t), phone)
	b.says("why", "Waiting for input.")
	b.says("no-workers", "There is no worker.")

	feed.WriteString("one\nbad\ntwo\nthree\n")
	b.says("why", "Waiting for workers: none has come to 127.0.0.1:")
	addr := eventually(t, c, func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "addr"))
		return strings.TrimSpace(string(text))
	})
	worker := func(name, slots string) *process {
		return start(t, dir, nil, nil, "jobpipe-worker", "-c", addr, "--insecure", "--name", name, "-j", slots, "--", "sh", "job")
	}
	anna := worker("anna", "2")
	b.says("rows", "anna")
	b.says("running", "2 in 2 slots")
	b.says("slow-rows", "one")
	b.says("slow-rows", "two") // the one before has failed, twice
	bert := worker("bert", "2")
	b.says("workers-count", "2")
	b.says("failed", "1")
	b.says("retried", "1")
	b.says("failure-list", "exit status 3")
	b.click("summary")
	b.says("failure-list", "<b>no bad</b>")
	b.click(`a[href="#slow"]`)
	b.until(`location.hash === "#slow"`)
	b.says("slow-rows", "three")
	write(t, dir, "go-one", "")
	b.says("done", "2")
	// A lane is drawn of what the slots have done.
	b.until(`(c => new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size > 1)(document.querySelector("#rows canvas"))`)
	if text := value[string](b, `document.querySelector("#rows canvas").getAttribute("aria-label")`); !strings.Contains(text, "in the last minute working ") {
		t.Errorf("the lane of anna is %s", text)
	}

	_ = bert.Process.Kill()
	b.says("workers-count", "1, 1 away")
	b.says("rows", "away")
	b.says("workers-count", "1")
	for _, n := range []string{"two", "three", "five"} {
		write(t, dir, "go-"+n, "")
	}
	b.says("done", "4")
	b.says("why", "Waiting for input.")
	b.look(desk.in(true))
	feed.WriteString("five\n")
	b.says("done", "5")
	feed.Close()
	c.finish(t, 1)
	anna.finish(t, 0)
	b.until(`document.getElementById("why").innerText === "The run is over: 5 jobs done, 1 of them failed."`)
	b.says("state", "over")
	b.says("share", "100 %, 5 of 5 jobs")
	b.says("rows", "anna")
	b.says("running", "0 in 2 slots")
	b.says("failure-list", "<b>no bad</b>")
	b.shoot("real")
	if n := strings.Count(results.String(), "\n"); n != 4 {
		t.Errorf("%d results: %q", n, results.String())
	}
}

// TestStdoutIsBlocked: who waits for its reader says so.
func TestStdoutIsBlocked(t *testing.T) {
	need(t, "chromium")
	out, stdout := pipe(t)
	const jobs = 100
	c := start(t, t.TempDir(), strings.NewReader(strings.Repeat("x\n", jobs)), stdout,
		"jobpipe", "--http", "0", "-j", "2", "--buffer", "1MiB", "--", "head", "-c", "65536", "/dev/zero")
	stdout.Close() // the other one is its
	b := open(t, c.url(t), desk)
	b.says("why", "Waiting for stdout, which has taken nothing for")
	b.until(`parseFloat(document.getElementById("held").innerText) > 0`)
	if n, err := io.Copy(io.Discard, out); n != jobs*(65536+1) || err != nil {
		t.Errorf("%d bytes of results (%v)", n, err)
	}
	c.finish(t, 0)
	b.says("why", "The run is over: 100 jobs done.")
}

// TestKilled: who is killed says nothing more, and that is said.
func TestKilled(t *testing.T) {
	need(t, "chromium")
	stdin, _ := pipe(t)
	c := start(t, t.TempDir(), stdin, nil, "jobpipe", "--http", "0", "--", "cat")
	b := open(t, c.url(t), desk)
	b.says("why", "Waiting for input.")
	_ = c.Process.Kill()
	b.says("why", "No word since")
}
