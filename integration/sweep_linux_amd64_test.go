package integration

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A sweeper kills the coordinator, or lets one of its system calls fail, at one
// call after another by which it changes the journal or the results; runs the
// same command line again, with a second fault there; and again to the end.
type sweeper struct {
	t    *testing.T
	dir  string
	env  []string
	args []string
	jobs []byte
	runs int
}

func newSweeper(t *testing.T, jobs int, args ...string) *sweeper {
	t.Helper()
	dir := must(filepath.EvalSymlinks(t.TempDir()))
	program, err := exec.LookPath("jobpipe")
	if err != nil {
		t.Fatal(err)
	}
	s := &sweeper{t: t, dir: dir, env: append(must(furnish(dir)), "PATH="+os.Getenv("PATH"))}
	s.args = append([]string{program, "-q", "-j2", "--journal", "journal"}, args...)
	for i := range jobs {
		s.jobs = fmt.Appendf(s.jobs, "job %d %s\n", i+1, strings.Repeat("x", i%7))
	}
	if err := os.WriteFile(filepath.Join(dir, "jobs"), s.jobs, 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

// fresh removes what is left of the last case.
func (s *sweeper) fresh() {
	for _, name := range []string{"journal", "journal.new", "results"} {
		_ = os.Remove(filepath.Join(s.dir, name))
	}
}

// run runs the command line with a fault. It returns the calls that were
// counted, the status, and stderr.
func (s *sweeper) run(f mishap) (calls []string, status int, said string) {
	s.t.Helper()
	s.runs++
	in := must(os.Open(filepath.Join(s.dir, "jobs")))
	out := must(os.OpenFile(filepath.Join(s.dir, "results"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644))
	words := must(os.Create(filepath.Join(s.dir, "said")))
	calls, status, err := traced(s.dir, f, s.args, []*os.File{in, out, words}, s.env)
	for _, file := range []*os.File{in, out, words} {
		file.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return calls, status, string(must(os.ReadFile(words.Name())))
}

// judge compares the results with the jobs, which cat repeats.
func (s *sweeper) judge() error {
	results := must(os.ReadFile(filepath.Join(s.dir, "results")))
	want := bytes.Clone(s.jobs)
	if s.args[5] != "-k" {
		sorted := func(b []byte) []byte {
			lines := bytes.SplitAfter(b, []byte("\n"))
			slices.SortFunc(lines, bytes.Compare)
			return bytes.Join(lines, nil)
		}
		results, want = sorted(results), sorted(want)
	}
	if !bytes.Equal(results, want) {
		return fmt.Errorf("%d bytes of results instead of %d:\n%s", len(results), len(want), results)
	}
	return nil
}

// finish runs without a fault, to the end.
func (s *sweeper) finish(faults ...mishap) {
	s.t.Helper()
	if _, status, said := s.run(mishap{}); status != 0 {
		s.t.Fatalf("after %v the run ends with status %d: %s", faults, status, said)
	}
	if err := s.judge(); err != nil {
		s.t.Fatalf("after %v: %v", faults, err)
	}
}

// strike runs with a fault, and reports whether it came to that and which calls
// there were. A run that says that all is well must be right.
func (s *sweeper) strike(f mishap, before ...mishap) (struck bool, calls []string) {
	s.t.Helper()
	calls, status, said := s.run(f)
	switch {
	case status == 128+9 && (f.what == kill || f.what == torn):
		return true, calls
	case status == 0:
		if err := s.judge(); err != nil {
			s.t.Fatalf("%v after %v: status 0, and %v", f, before, err)
		}
	case f.what == kill || f.what == torn || f.what == short || status != 2 && status != 3 || said == "":
		s.t.Fatalf("%v after %v: status %d: %s", f, before, status, said)
	}
	return len(calls) >= f.at, calls
}

// recovered reports whether a run has come as far as to write a first result and
// its record: what follows is not recovery.
func recovered(calls []string) bool {
	at := slices.Index(calls, "write results")
	return at >= 0 && len(calls) > at+2
}

// TestSweep strikes at a few points; with JOBPIPE_LONG=1 at each one of a run of
// 200 jobs, and at each one of the recovery.
func TestSweep(t *testing.T) {
	if os.Getenv("JOBPIPE_LONG") != "1" {
		for i, what := range []string{kill, torn, eio, full, short} {
			order := []string{"-k", "--keep-order=false"}[i%2]
			newSweeper(t, 20, order, "--", "cat").few(what, rand.New(rand.NewPCG(1, uint64(i))))
		}
		return
	}
	for _, what := range []string{kill, torn, eio, full, short} {
		for _, order := range []string{"-k", "--keep-order=false"} {
			t.Run(what+" lines "+order, func(t *testing.T) {
				newSweeper(t, 200, order, "--lines", "--", "sh", "-c", `while IFS= read -r x; do echo "$x"; done`).all(what, true)
			})
		}
	}
	for _, order := range []string{"-k", "--keep-order=false"} {
		t.Run(kill+" jobs "+order, func(t *testing.T) { newSweeper(t, 200, order, "--", "cat").all(kill, false) })
	}
}

// calls returns the calls of a run without a fault.
func (s *sweeper) calls() []string {
	s.t.Helper()
	s.fresh()
	calls, status, said := s.run(mishap{})
	if err := s.judge(); status != 0 || err != nil {
		s.t.Fatalf("without a fault: status %d: %s, %v", status, said, err)
	}
	for _, want := range []string{"rename journal.new", "fsync .", "write results", "pwrite journal", "fsync results", "fsync journal"} {
		if !slices.Contains(calls, want) {
			s.t.Fatalf("the calls are %q, and %s is not among them", calls, want)
		}
	}
	return calls
}

// few strikes at one point, and at one of the recovery.
func (s *sweeper) few(what string, rnd *rand.Rand) {
	calls := s.calls()
	first := mishap{1 + rnd.IntN(len(calls)/2), what}
	s.fresh()
	s.strike(first)
	second := mishap{1 + rnd.IntN(12), what}
	s.strike(second, first)
	s.finish(first, second)
}

// all strikes at every point, and, where that is wanted, at every one of every
// recovery.
func (s *sweeper) all(what string, recoveries bool) {
	calls := len(s.calls())
	points, seconds := 0, 0
	// How many calls a run makes depends on how much is written at a time. The end
	// is where no run comes any more.
	for at, missed := 1, 0; missed < 5; at++ {
		s.fresh()
		first := mishap{at, what}
		struck, _ := s.strike(first)
		kept := s.save()
		s.finish(first)
		if !struck {
			missed++
			continue
		}
		missed = 0
		points++
		for second := 1; recoveries; second++ {
			s.restore(kept)
			f := mishap{second, what}
			struck, calls := s.strike(f, first)
			s.finish(first, f)
			if !struck {
				break
			}
			if seconds++; recovered(calls[:second]) {
				break
			}
		}
	}
	s.t.Logf("%-6s %s: %d calls in a run; struck at %d points, and at %d of recoveries; %d runs", what, s.args[5:], calls, points, seconds, s.runs)
}

// save and restore keep what a fault has left.
func (s *sweeper) save() map[string][]byte {
	kept := map[string][]byte{}
	for _, name := range []string{"journal", "journal.new", "results"} {
		if data, err := os.ReadFile(filepath.Join(s.dir, name)); err == nil {
			kept[name] = data
		}
	}
	return kept
}

func (s *sweeper) restore(kept map[string][]byte) {
	for _, name := range []string{"journal", "journal.new", "results"} {
		path := filepath.Join(s.dir, name)
		if data, ok := kept[name]; !ok {
			_ = os.Remove(path)
		} else if err := os.WriteFile(path, data, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}
