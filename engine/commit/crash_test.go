package commit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/disk/disktest"
	"github.com/jobpipe/jobpipe/engine/journal"
)

// A trial is one run after another on one disk, until one comes to its end.
type trial struct {
	disk    *disktest.Disk
	rnd     *rand.Rand
	keep    bool
	jobs    int
	results *disktest.File
	said    []string
	begun   int // jobs that were run, again or for the first time
}

const base = "what was there before\n"

func newTrial(seed uint64) *trial {
	d := disktest.New()
	return &trial{disk: d, rnd: rand.New(rand.NewPCG(seed, 4)), keep: seed%2 == 0, jobs: 5, results: d.Put("results", []byte(base))}
}

func (t *trial) input() []byte {
	var b []byte
	for i := range t.jobs {
		b = fmt.Appendf(b, "job %d\n", i+1)
	}
	return b
}

// output is what a job prints: sometimes nothing, and that must be remembered too.
func output(seq int) string {
	if seq%4 == 3 {
		return ""
	}
	return fmt.Sprintf("%d:%s\n", seq, strings.Repeat("x", seq%5*9))
}

func (t *trial) options(retry bool) Options {
	return Options{
		Path: "j", Settings: journal.Settings{Delim: '\n', KeepOrder: t.keep}, Run: [16]byte{9}, Retry: retry,
		Say: func(format string, a ...any) { t.said = append(t.said, fmt.Sprintf(format, a...)) },
	}
}

// open opens the journal as a new process does.
func (t *trial) open(retry bool) (*Log, error) {
	return OpenOn(t.disk, t.options(retry), Place{File: t.results, Path: "results", Inode: 5, Pos: int64(len(t.results.Bytes()))})
}

// run is a process. It reports that it was killed, or the error that ended it.
func (t *trial) run(retry bool) (dead bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(disktest.Kill); !ok {
				panic(r)
			}
			dead = true
		}
	}()
	l, err := t.open(retry)
	if err != nil {
		return false, err
	}
	in := l.Reader(bytes.NewReader(t.input()))
	for buf := make([]byte, 25); err == nil; {
		_, err = in.Read(buf)
	}
	if err != io.EOF {
		return false, err
	}
	if !l.Same() {
		return false, errors.New("not all of the input was recognised")
	}
	if err := t.work(l); err != nil {
		return false, err
	}
	return false, l.Close()
}

// work does what is left to be done, as the engine does.
func (t *trial) work(l *Log) error {
	todo := []int{}
	for seq := 1; seq <= t.jobs; seq++ {
		if done, _ := l.Past(uint64(seq)); !done {
			todo = append(todo, seq)
		}
	}
	if !t.keep {
		t.rnd.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	}
	for len(todo) > 0 {
		n := 1 + t.rnd.IntN(min(3, len(todo)))
		for _, seq := range todo[:n] {
			t.begun++
			if seq == 5 {
				l.Failed(5)
			}
			out := []byte(output(seq))
			for len(out) > 0 { // in pieces, as of a large result
				k := 1 + t.rnd.IntN(len(out))
				if _, err := t.results.WriteAt(out[:k], l.pos); err != nil {
					return err
				}
				l.Wrote(out[:k])
				out = out[k:]
			}
			l.Done(uint64(seq), uint64(seq+1))
		}
		todo = todo[n:]
		if err := l.Append(); err != nil {
			return err
		}
		switch t.rnd.IntN(6) {
		case 0, 1, 2:
			if err := l.Sync(); err != nil {
				return err
			}
		case 3:
			if err := l.Checkpoint(); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge compares the results with what each job prints.
func (t *trial) judge() error {
	text, ok := strings.CutPrefix(string(t.results.Bytes()), base)
	if !ok {
		return fmt.Errorf("what was there before is gone: %q", t.results.Bytes())
	}
	last := 0
	seen := map[int]bool{}
	for line := range strings.Lines(text) {
		seq := 0
		fmt.Sscanf(line, "%d:", &seq)
		switch {
		case seq < 1 || seq > t.jobs || line != output(seq):
			return fmt.Errorf("torn: %q in %q", line, text)
		case seen[seq]:
			return fmt.Errorf("job %d has two results: %q", seq, text)
		case t.keep && seq < last:
			return fmt.Errorf("job %d is out of order: %q", seq, text)
		}
		seen[seq], last = true, seq
	}
	for seq := 1; seq <= t.jobs; seq++ {
		if !seen[seq] && output(seq) != "" {
			return fmt.Errorf("job %d is lost: %q", seq, text)
		}
	}
	return nil
}

// finish runs without further trouble, and once more to see that nothing is left.
func (t *trial) finish() error {
	t.disk.Restart()
	if dead, err := t.run(false); dead || err != nil {
		return fmt.Errorf("the last run: killed %v, %w", dead, err)
	}
	if err := t.judge(); err != nil {
		return err
	}
	before, begun := bytes.Clone(t.results.Bytes()), t.begun
	t.disk.Restart()
	if dead, err := t.run(false); dead || err != nil || begun != t.begun || !bytes.Equal(before, t.results.Bytes()) {
		return fmt.Errorf("a run with nothing to do: killed %v, %w, %d jobs run", dead, err, t.begun-begun)
	}
	t.disk.Restart()
	l, err := t.open(false)
	if err != nil {
		return err
	}
	if failed, until := l.FailedBefore(5); !failed || until != 6 || l.failedBefore.Count() != 1 || l.Count() != uint64(t.jobs) {
		return fmt.Errorf("%v failed, %d of %d done", l.failedBefore.Spans(), l.Count(), t.jobs)
	}
	if t.disk.Misuse != "" {
		return errors.New(t.disk.Misuse)
	}
	return nil
}

// Every operation on the disk may be the last of a process, whole or in part or
// not at all; it may fail; then the power may be cut. And all of that again in
// the run after it. Each result is there once in the end.
func TestTroubleAnywhere(t *testing.T) {
	seeds, stride := uint64(2), 4 // without the time for all, a part of the second faults
	if os.Getenv("JOBPIPE_LONG") == "1" {
		seeds, stride = 100, 1
	}
	cases := 0
	for seed := range seeds {
		for _, trouble := range []disktest.Trouble{disktest.Killed, disktest.KilledInMiddle, disktest.EIO, disktest.ENOSPC, disktest.Short} {
			for _, power := range [][2]bool{{false, false}, {true, true}, {false, true}} {
				for first := 1; ; first++ {
					more := false
					for second := 0; ; second += 1 + first%stride {
						cases++
						c := newTrial(seed<<32 + uint64(first<<16+second))
						c.keep = seed%2 == 0
						points := c.suffer(t, first, trouble, power[0])
						if points == 0 {
							break // the run came to its end
						}
						more = true
						if second > 0 && c.suffer(t, second, trouble, power[1]) == 0 {
							break
						}
						if err := c.finish(); err != nil {
							t.Fatalf("seed %d, %s at %d and %d, power cut %v: %v\n%s", seed, trouble, first, second, power, err, strings.Join(c.said, "\n"))
						}
					}
					if !more {
						break
					}
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// suffer runs until trouble comes at an operation. It returns 0 where the run
// came to its end before.
func (t *trial) suffer(tb testing.TB, at int, trouble disktest.Trouble, power bool) int {
	tb.Helper()
	t.disk.Restart()
	t.disk.At, t.disk.Trouble = at, trouble
	before := t.disk.Names()
	dead, err := t.run(false)
	switch left := t.disk.Names(); {
	case !dead && len(left) > 2 && len(before) <= 2: // more than results and a journal
		tb.Fatalf("%s at %d: %q are left", trouble, at, left)
	case !dead && err == nil && t.disk.Ops >= at && trouble > disktest.KilledInMiddle && t.judge() != nil:
		tb.Fatalf("%s at %d: the run says that all is well: %v", trouble, at, t.judge())
	case !dead && t.disk.Ops < at:
		if err != nil {
			tb.Fatalf("without trouble: %v", err)
		}
		return 0
	}
	if power {
		t.disk.Cut(t.rnd)
	}
	return t.disk.Ops
}

// Somebody else's writing to the results is noticed before more is written down.
func TestSecondWriter(t *testing.T) {
	c := newTrial(1)
	l, err := c.open(false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.results.WriteAt([]byte("a stranger's line\n"), int64(len(base))); err != nil {
		t.Fatal(err)
	}
	l.Wrote(nil)
	l.Done(1, 2)
	if err := l.Append(); err == nil || !strings.Contains(err.Error(), "something else writes to results") {
		t.Error(err)
	}
	if err := l.Close(); err == nil {
		t.Error("the journal can be closed as if nothing were")
	}
}

// While one process has a journal, no other gets it.
func TestLocked(t *testing.T) {
	c := newTrial(1)
	if _, err := c.open(false); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("in use by process %d", os.Getpid())
	if _, err := c.open(false); err == nil || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
}
