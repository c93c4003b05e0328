package server

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/order"
)

// anna is a worker that may return.
var anna = codec.Hello{Slots: 4, Name: "anna", Session: [16]byte{1}}

// patient starts a server that waits long for those that are away.
func patient(t *testing.T) *rig {
	return start(t, func(c *Config) {
		verbose(c)
		c.Grace, c.Stage = patience, order.New(true, '\n', 1<<20)
	})
}

// holds tells what a worker still has.
func (f *fake) holds(spans ...codec.HeldSpan) {
	f.t.Helper()
	f.send(codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Last: true, Spans: spans}))
}

func jobs(seq, count, attempt uint64) codec.HeldSpan {
	return codec.HeldSpan{Span: codec.Span{Seq: seq, Count: count}, Attempt: attempt}
}

// cut ends the connection of a worker that has jobs.
func (r *rig) cut(f *fake) {
	r.t.Helper()
	f.Close()
	r.said("kept=")
}

func TestWorkerReturns(t *testing.T) {
	r := patient(t)
	w := r.connect(anna)
	if w.welcome.Grace != patience || w.welcome.Resumed {
		t.Errorf("the welcome is %+v", w.welcome)
	}
	r.jobs("a\nb\nc\nd\n")
	if j := w.job(); j.Count != 4 {
		t.Fatalf("%d jobs come first", j.Count)
	}
	w.answer(codec.Result{Seq: 2, Stdout: []byte("B")})
	r.eventually(func() bool { return r.Counts.Done.Load() == 1 }) // and no acknowledgement is sent before 1 is done
	r.cut(w)
	r.noMore()
	again := r.connect(anna)
	if !again.welcome.Resumed || again.welcome.Credit < w.welcome.Credit {
		t.Errorf("the welcome is %+v, the first one was %+v", again.welcome, w.welcome)
	}
	again.holds(jobs(1, 2, 1), jobs(4, 1, 1))
	a, err := codec.ParseAck(again.get(codec.TypeAck))
	if err != nil || a.Credit != 0 || len(a.Spans) != 1 || a.Spans[0] != (codec.Span{Seq: 2, Count: 1}) {
		t.Errorf("acknowledged: %+v, %v", a, err)
	}
	r.said(`msg="worker back" worker=anna jobs=2 had=3`)
	if j := again.job(); j.Seq != 3 || j.Count != 1 || j.Attempt != 1 {
		t.Errorf("%d jobs from %d on come again, attempt %d", j.Count, j.Seq, j.Attempt)
	}
	for seq, out := range map[uint64]string{1: "A", 3: "C", 4: "D"} {
		again.answer(codec.Result{Seq: seq, Stdout: []byte(out)})
	}
	if out, _ := r.written(); out != "A\nB\nC\nD\n" {
		t.Errorf("stdout %q", out)
	}
}

// To say without end what it has is no more than to say nothing.
func TestHeldWithoutEnd(t *testing.T) {
	for name, spans := range map[string][]codec.HeldSpan{"nothing": nil, "what it does not have": {jobs(1<<40, 1, 1), jobs(1<<40+2, 1, 1)}} {
		t.Run(name, func(t *testing.T) {
			r := patient(t)
			w := r.connect(anna)
			r.jobs("a\n")
			w.job()
			r.cut(w)
			again := r.connect(anna)
			var b []byte
			for range 100 {
				b = again.enc.Append(b, codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Spans: spans}))
			}
			for range maxHeld / 100 {
				if _, err := again.Write(b); err != nil {
					break
				}
			}
			again.gone()
			r.said("cut off")
		})
	}
}

// Where many return at once, each may say less.
func TestHeldOfMany(t *testing.T) {
	r := patient(t)
	const many = 100
	var returned []*fake
	for i := range many {
		h := anna
		h.Session[15] = byte(i)
		w := r.connect(h)
		r.jobs("a\n")
		w.job()
		w.Close()
		r.eventually(func() bool { n := 0; r.do(func() { n = len(r.away) }); return n == i+1 })
		returned = append(returned, r.connect(h))
	}
	var spans []codec.HeldSpan
	for i := range uint64(maxHeld/many + 1) {
		spans = append(spans, jobs(1<<40+2*i, 1, 1))
	}
	last := returned[many-1]
	last.send(codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Spans: spans}))
	last.gone()
	r.said("more than it can have")
}

// The other end of a connection may be gone long before this one knows.
func TestNewestConnectionCounts(t *testing.T) {
	r := patient(t)
	first := r.connect(anna)
	r.jobs("a\n")
	r.noMore()
	first.job()
	second := r.connect(anna)
	first.gone()
	third := r.connect(anna)
	second.gone() // it has not said yet what it has
	third.holds(jobs(1, 1, 1))
	third.answer(codec.Result{Seq: 1, Stdout: []byte("A")})
	if out, _ := r.written(); out != "A\n" {
		t.Errorf("stdout %q", out)
	}
}

func TestWhoComesTooLateChangesNothing(t *testing.T) {
	r := patient(t)
	w := r.connect(anna)
	r.jobs("a\n")
	w.job()
	r.cut(w)
	other := r.worker("berta", 1)
	heir := r.connect(anna) // and does not say what it has
	r.do(func() { r.away[0].until = 0 })
	heir.gone()
	r.said(`msg="worker not back" worker=anna`)
	if j := other.job(); j.Seq != 1 || j.Attempt != 2 {
		t.Errorf("job %d goes elsewhere as attempt %d", j.Seq, j.Attempt)
	}
	late := r.connect(anna)
	if late.welcome.Resumed {
		t.Error("the worker is known")
	}
	late.answer(codec.Result{Seq: 1, Stdout: []byte("late")})
	r.said("it does not have the job")
	other.answer(codec.Result{Seq: 1, Attempt: 2, Stdout: []byte("good")})
	r.noMore()
	if out, _ := r.written(); out != "good\n" {
		t.Errorf("stdout %q", out)
	}
}

func TestJobsAreNotKept(t *testing.T) {
	for _, test := range []struct {
		name  string
		hello codec.Hello
		grace time.Duration
		end   func(f *fake)
	}{
		{"without a session", codec.Hello{Slots: 1, Name: "anna"}, patience, func(f *fake) { f.Close() }},
		{"without grace", anna, 0, func(f *fake) { f.Close() }},
		{"after goodbye", anna, patience, func(f *fake) {
			f.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
		}},
		{"after misbehaviour", anna, patience, func(f *fake) { f.holds() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, func(c *Config) { verbose(c); c.Grace = test.grace })
			w := r.connect(test.hello)
			r.jobs("a\n")
			w.job()
			test.end(w)
			r.said("worker=anna jobs=1 lines=1")
			if slices.ContainsFunc(r.lines(), func(line string) bool { return strings.Contains(line, "kept=") }) {
				t.Errorf("it is kept: %q", r.lines())
			}
			if again := r.connect(anna); again.welcome.Resumed || again.job().Attempt != 2 {
				t.Error("the loss is not charged")
			}
		})
	}
}

func TestWrongWordsOnReturn(t *testing.T) {
	for name, test := range map[string]struct {
		held []codec.HeldSpan
		said string
	}{
		"twice":    {[]codec.HeldSpan{jobs(3, 1, 1), jobs(1, 3, 1)}, "it says twice that it has job 3"},
		"too many": {[]codec.HeldSpan{jobs(1, 1<<40, 1)}, "it says that it has 1099511627776 jobs"},
	} {
		t.Run(name, func(t *testing.T) {
			r := patient(t)
			w := r.connect(anna)
			r.jobs("a\n")
			r.noMore()
			w.job()
			r.cut(w)
			again := r.connect(anna)
			again.holds(test.held...)
			again.gone()
			r.said(test.said)
			last := r.connect(anna) // what is kept for it is still kept
			last.holds(jobs(1, 1, 1))
			last.answer(codec.Result{Seq: 1, Stdout: []byte("A")})
			if out, _ := r.written(); out != "A\n" {
				t.Errorf("stdout %q", out)
			}
		})
	}
}
