package worker

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// A reading is what a worker in line mode has said so far.
type reading struct {
	*coordinator
	answered map[uint64]string // by job: the line, or the stdout of its result
	failed   map[uint64]output
	stderr   map[uint64]string
	back     []string // "1-3 7", a GiveBack each
	slots    []uint32
	frames   int // of Answers
	keep     bool
}

// inLines has a worker of so many slots run argv in line mode.
func inLines(t *testing.T, slots int, argv []string, change ...func(*codec.Welcome)) *reading {
	t.Helper()
	cfg := config(t, argv...)
	cfg.Lines, cfg.Slots = true, slots
	return listen(begin(t, cfg, change...))
}

func shLines(t *testing.T, line string, change ...func(*codec.Welcome)) *reading {
	t.Helper()
	return inLines(t, 1, []string{"sh", "-c", line}, change...)
}

func listen(c *coordinator) *reading {
	return &reading{coordinator: c, answered: map[uint64]string{}, failed: map[uint64]output{}, stderr: map[uint64]string{}}
}

// lineJobs sends n jobs as one lease: the numbers from seq on.
func (r *reading) numbers(seq, n uint64) {
	r.t.Helper()
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(seq+i))
	}
	r.jobs(seq, 1, list...)
}

// until takes frames until enough says that it was enough.
func (r *reading) until(enough func() bool) {
	r.t.Helper()
	for !enough() {
		r.takeIn(r.next())
	}
}

func (r *reading) takeIn(f codec.Frame) {
	r.t.Helper()
	switch f.Type {
	case codec.TypeAnswers:
		a, err := codec.ParseAnswers(f.Payload)
		if err != nil {
			r.t.Fatal(err)
		}
		lines := bytes.SplitAfter(a.Lines, []byte{'\n'})
		if uint64(len(lines)-1) != a.Count || len(lines[a.Count]) > 0 {
			r.t.Fatalf("%d answers: %q", a.Count, a.Lines)
		}
		for i := range a.Count {
			r.answer(a.Seq+i, string(lines[i]))
		}
		r.frames++
		r.spent(len(a.Lines))
		if !r.keep {
			r.acknowledge(a.Seq, a.Count)
		}
	case codec.TypeResults, codec.TypeResultPart:
		for _, o := range r.outputs {
			if o.Outcome != codec.Exited || o.Code != 0 {
				r.failed[o.Seq] = o
			} else {
				r.answer(o.Seq, string(o.Stdout))
			}
			if len(o.Stderr) > 0 {
				r.stderr[o.Seq] = string(o.Stderr)
			}
			if !r.keep {
				r.acknowledge(o.Seq, 1)
			}
		}
		r.outputs = nil
	case codec.TypeGiveBack:
		m, err := codec.ParseGiveBack(f.Payload)
		if err != nil {
			r.t.Fatal(err)
		}
		var list []string
		for _, s := range m.Spans {
			list = append(list, fmt.Sprintf("%d-%d", s.Seq, s.Seq+s.Count-1))
		}
		r.back = append(r.back, strings.Join(list, " "))
	case codec.TypeSlots:
		m, err := codec.ParseSlots(f.Payload)
		if err != nil {
			r.t.Fatal(err)
		}
		r.slots = append(r.slots, m.Slots)
	default:
		r.t.Fatalf("a %v", f.Type)
	}
}

// slots0 waits until the worker takes no more.
func (r *reading) slots0() {
	r.t.Helper()
	r.until(func() bool { return len(r.slots) > 0 && r.slots[len(r.slots)-1] == 0 })
}

func (r *reading) answer(seq uint64, line string) {
	r.t.Helper()
	if old, twice := r.answered[seq]; twice {
		r.t.Fatalf("job %d is answered twice: %q and %q", seq, old, line)
	}
	r.answered[seq] = line
}

// spent keeps account of the bytes of answers, as next does for results.
func (r *reading) spent(n int) {
	r.t.Helper()
	r.used += n
	if r.most = max(r.most, r.used); r.used > r.window {
		r.t.Fatalf("%d bytes are under way, the credit is %d", r.used, r.window)
	}
	if !r.stingy {
		r.ack(n)
	}
}

func (r *reading) acknowledge(seq, count uint64) {
	r.t.Helper()
	r.send(codec.TypeAck, codec.AppendAck(nil, codec.Ack{Spans: []codec.Span{{Seq: seq, Count: count}}}))
}

// answers waits until n jobs are answered.
func (r *reading) answers(n int) {
	r.t.Helper()
	r.until(func() bool { return len(r.answered) >= n })
}

// want checks that the jobs first to last are answered as f says.
func (r *reading) want(first, last uint64, f func(seq uint64) string) {
	r.t.Helper()
	for seq := first; seq <= last; seq++ {
		if got := r.answered[seq]; got != f(seq) {
			r.t.Fatalf("job %d: %.60q, want %.60q", seq, got, f(seq))
		}
	}
}

func same(seq uint64) string { return fmt.Sprintln(seq) }

// maxResult is config with a limit.
func maxResult(t *testing.T, most int64, argv ...string) Config {
	t.Helper()
	c, err := command.New(argv, command.Options{Worker: "here", KillAfter: time.Minute, MaxResult: most})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return Config{Name: "here", Slots: 1, Lines: true, Compress: "none", Command: c, Log: logTo(t)}
}
