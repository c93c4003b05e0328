package integration

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	soak     = flag.Duration("soak", 0, "how long TestRandomFaults goes on")
	soakSeed = flag.Uint64("seed", 0, "the seed of the one run of TestRandomFaults, or 0")
)

// mostSilence is --dead-after in runs with a nemesis.
const mostSilence = 2 * time.Second

// shortRuns is how many runs there are when no more are asked for. They have the
// lowest seeds.
const shortRuns = 3

// TestRandomFaults: whatever happens to workers, connections and the
// coordinator, each job has exactly one result or is named as failed, the exit
// status agrees, nothing is left behind, and soon after all is well again the
// run is over. "go test -soak 1h" takes random seeds for an hour, "-seed N" the
// one that has failed; what was struck when depends on the machine all the same.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	began, runs := time.Now(), 0
	survived := map[string]int{}
	for n := uint64(1); ; n++ {
		seed := n
		switch {
		case *soakSeed != 0:
			seed = *soakSeed
		case *soak != 0:
			seed = shortRuns + 1 + rand.Uint64N(1e9)
		}
		rage := 8 * time.Second
		if seed <= shortRuns {
			rage = 3 * time.Second
		}
		ok := t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) { ordeal(t, seed, rage, survived) })
		if ok {
			runs++
		}
		if *soakSeed != 0 || *soak == 0 && n == shortRuns || *soak != 0 && time.Since(began) > *soak {
			break
		}
	}
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(survived)) {
		fmt.Fprintf(&table, "%8d  %s\n", survived[name], name)
	}
	t.Logf("%d runs in %.0f s survived:\n%s", runs, time.Since(began).Seconds(), table.String())
}

// A seed has one of these in turn: workers that are away keep their jobs for a
// while, or for longer than any fault lasts, and then none is killed and no job is
// run twice; or they keep none.
const (
	keepsNone = iota
	keepsLong
	keepsShortly
)

// graces are what --grace is then.
var graces = [...]string{keepsNone: "0", keepsLong: "60s", keepsShortly: "3s"}

// ordeal is one run. It adds what was survived.
func ordeal(t *testing.T, seed uint64, rage time.Duration, survived map[string]int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	chance := func(of ...string) string { return of[rng.IntN(len(of))] }
	lines := rng.IntN(3) == 0
	jobs := trials(rng, int(rage/time.Millisecond)/12, lines)
	ordered := rng.IntN(2) == 0
	keeps := int(seed % uint64(len(graces)))
	flags := []string{
		"jobpipe -v --grace " + graces[keeps] + " --dead-after " + mostSilence.String(), "--max-lost 1000000 --retries 3 --failed failed",
		"-l 127.0.0.1:0 --listen-file addr", "--compress " + chance("auto", "none", "s2", "zstd"), "--buffer " + chance("1MiB", "256MiB"),
	}
	if ordered {
		flags = append(flags, "-k")
	}
	if rng.IntN(3) == 0 && keeps != keepsLong {
		flags = append(flags, "--speculate")
	}
	n := &nemesis{place: newPlace(t), rng: rng, command: []string{"--", "job"}, struck: map[string]int{}, spares: keeps == keepsLong}
	n.struck["run with --grace "+graces[keeps]]++
	if lines {
		n.command = []string{"--lines", "--", "job", "lines"}
	}
	if rng.IntN(3) == 0 {
		n.shell = []string{"sh", "-c", `ulimit -n 64; exec "$0" "$@"`}
		n.struck["run with ulimit -n 64"]++
	}
	journaled := seed%2 == 0
	if journaled {
		n.struck["run with a journal"]++
		n.write("jobs", jobs)
		flags = append(flags, "--journal j <jobs >>results")
	} else {
		n.gate = &gate{}
		flags = append(flags, "<- >-")
	}
	n.line = strings.Fields(strings.Join(flags, " "))
	n.serve()
	var results bytes.Buffer
	var hands sync.WaitGroup
	if !journaled {
		n.gate.from = n.c.drain
		hands.Go(func() { _, _ = io.Copy(&results, n.gate) })
		hands.Go(func() { dribble(n.c.feed, jobs, rage, seed) })
	}
	for i := range 3 {
		f := &fighter{name: fmt.Sprintf("w%d", i), weather: newWeather()}
		f.proxy = newProxy(t, n.addr, f.weather.spoil)
		n.begin(f)
		n.fighters = append(n.fighters, f)
	}

	n.rage(rage)
	status, err := n.c.finish()
	hands.Wait()
	for _, f := range n.fighters { // those who missed the end look for it yet
		n.signal(f.process, syscall.SIGTERM)
		if _, err := f.process.finish(); err != nil {
			t.Error(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}

	if journaled {
		results.WriteString(n.read("results"))
	}
	failed := recordsOf([]byte(n.read("failed")))
	hopeless := slices.DeleteFunc(recordsOf([]byte(jobs)), func(r []byte) bool { return !bytes.Contains(r, []byte(" exit=9")) })
	sortRecords(failed)
	sortRecords(hopeless)
	if !slices.EqualFunc(failed, hopeless, bytes.Equal) {
		t.Errorf("these failed:\n%q\nand not these:\n%q", failed, hopeless)
	}
	if want := min(1, len(failed)); status != want {
		t.Errorf("the status is %d, want %d", status, want)
	}
	var all []byte
	blank := 0 // in line mode they stand for jobs without an answer
	for line := range bytes.Lines(results.Bytes()) {
		if lines && len(line) == 1 {
			blank++
		} else {
			all = append(all, line...)
		}
	}
	if lines && blank != len(failed) {
		t.Errorf("%d lines are empty, and %d jobs have failed", blank, len(failed))
	}
	begun, err := begunIn(n.abs(executions))
	if err != nil {
		t.Fatal(err)
	}
	v := judge(recordsOf([]byte(jobs)), failed, all, begun)
	v.Rerun = slices.DeleteFunc(v.Rerun, func(seq int) bool {
		return keeps != keepsLong || retried(recordsOf([]byte(jobs))[seq-1])
	})
	if !ordered {
		v.Disorder = nil
	}
	if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", verdict{}) {
		t.Errorf("the oracle: %+v", v)
	}
	if t.Failed() {
		t.Logf("%s; stderr of process %d of the coordinator:\n%s", strings.Join(n.line, " "), n.served, n.c.stderr())
		for line := range strings.Lines(n.read(executions)) {
			if seq, _, _ := strings.Cut(line, " "); slices.ContainsFunc(v.Rerun, func(job int) bool { return strconv.Itoa(job) == seq }) {
				t.Logf("execution: %s", line)
			}
		}
		for _, f := range n.fighters {
			t.Logf("%s %s; its stderr:\n%s", f.name, strings.Join(n.command, " "), f.process.stderr())
		}
		return
	}
	for name, count := range n.struck {
		survived[name] += count
	}
	survived["jobs"] += bytes.Count([]byte(jobs), []byte("\n"))
}

// retried tells whether a job is to fail, and so is tried again.
func retried(record []byte) bool {
	return bytes.Contains(record, []byte(" exit=")) || bytes.Contains(record, []byte(" signal="))
}

// trials are jobs, some of which take long, fail at first or for ever, or print
// much.
func trials(rng *rand.Rand, n int, lines bool) string {
	var jobs strings.Builder
	for i := range n {
		fmt.Fprintf(&jobs, "%d", i+1)
		switch what := rng.IntN(100); {
		case what < 10:
			fmt.Fprintf(&jobs, " sleep=%dms", rng.IntN(100))
		case what < 20:
			fmt.Fprintf(&jobs, " pad=%d", rng.IntN(200_000))
		case what < 22:
			fmt.Fprintf(&jobs, " %s", strings.Repeat("y", rng.IntN(200_000)))
		case what < 24:
			jobs.WriteString(" exit=9")
		case what < 30 && !lines:
			jobs.WriteString(" exit=3@1")
		case what < 32 && !lines:
			jobs.WriteString(" signal=9@1")
		}
		jobs.WriteByte('\n')
	}
	return jobs.String()
}

// dribble writes jobs in pieces of any size, in about so much time, and closes.
func dribble(to *os.File, jobs string, long time.Duration, seed uint64) {
	defer to.Close()
	rng := rand.New(rand.NewPCG(seed, 2))
	steps := int(long / (50 * time.Millisecond))
	for len(jobs) > 0 {
		size := min(len(jobs), rng.IntN(2*len(jobs)/max(1, steps)+2))
		if _, err := to.WriteString(jobs[:size]); err != nil {
			return
		}
		jobs = jobs[size:]
		steps--
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
	}
}

// A gate stops what is read while it is locked.
type gate struct {
	mu   sync.Mutex
	from io.Reader
}

func (g *gate) Read(b []byte) (int, error) {
	n, err := g.from.Read(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	return n, err
}

func sortRecords(r [][]byte) { slices.SortFunc(r, bytes.Compare) }
