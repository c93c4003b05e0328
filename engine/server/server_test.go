package server

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/split"
)

func TestJobsGoOutAndResultsComeBack(t *testing.T) {
	r := start(t, func(c *Config) { c.Timeout = 3 * time.Second })
	w := r.worker("anna", 2)
	if w.welcome.Delim != '\n' || w.welcome.Timeout != 3*time.Second || w.welcome.Credit == 0 || w.welcome.MaxJob != 64<<20 {
		t.Errorf("the welcome is %+v", w.welcome)
	}
	r.jobs("a\nb\n")
	r.noMore()
	for got := uint64(0); got < 2; {
		j := w.job()
		for i, rec := range bytes.SplitAfter(j.Records[:len(j.Records)-1], []byte("\n")) {
			w.answer(codec.Result{Seq: j.Seq + uint64(i), Stdout: bytes.ToUpper(bytes.TrimSpace(rec))})
		}
		got += j.Count
	}
	for acked := uint64(0); acked < 2; {
		a, err := codec.ParseAck(w.get(codec.TypeAck))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range a.Spans {
			acked += s.Count
		}
	}
	if o, err := codec.ParseOver(w.get(codec.TypeOver)); err != nil || o.How != 0 {
		t.Errorf("over: %+v, %v", o, err)
	}
	w.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
	w.gone()
	if out, errs := r.written(); out != "A\nB\n" || errs != "" {
		t.Errorf("stdout %q, stderr %q", out, errs)
	}
}

func TestStrayAnswersChangeNothing(t *testing.T) {
	r := start(t, verbose)
	liar, honest := r.worker("liar", 1), r.worker("honest", 1)
	r.jobs("a\nb\n")
	mine, his := liar.job(), honest.job()
	liar.answer(codec.Result{Seq: his.Seq, Stdout: []byte("forged\n")})
	liar.answer(codec.Result{Seq: 77, Stdout: []byte("invented\n")})
	liar.answer(codec.Result{Seq: mine.Seq, Stdout: []byte("true\n")})
	liar.answer(codec.Result{Seq: mine.Seq, Stdout: []byte("again\n")})
	liar.answer(codec.Result{Seq: mine.Seq, Outcome: codec.Exited, Code: 1})
	r.said(`msg="answer ignored" worker=liar line=77 why="it does not have the job"`)
	honest.answer(codec.Result{Seq: his.Seq, Stdout: []byte("honest\n")})
	r.noMore()
	out, _ := r.written()
	if len(out) != len("true\nhonest\n") || !strings.Contains(out, "true\n") || !strings.Contains(out, "honest\n") {
		t.Errorf("stdout %q", out)
	}
}

// A worker may have a job of the coordinator's life before as another attempt. No
// part of that result is taken, so its end is not either.
func TestAnotherAttemptChangesNothing(t *testing.T) {
	r := start(t, verbose)
	w := r.worker("anna", 2)
	r.jobs("a\n")
	m := w.job()
	old := m.Attempt + 1
	w.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: m.Seq, Attempt: old, Stream: 1, Data: []byte("who")}))
	w.answer(codec.Result{Seq: m.Seq, Attempt: old, Stdout: []byte("le\n")})
	r.said(`msg="answer ignored" worker=anna line=1 why="it does not have the job"`)
	w.answer(codec.Result{Seq: m.Seq, Attempt: m.Attempt, Stdout: []byte("whole\n")})
	r.noMore()
	if out, _ := r.written(); out != "whole\n" {
		t.Errorf("stdout %q", out)
	}
}

// tightWindow is more than what TestMisbehaviour sends otherwise.
const tightWindow = 1000

func TestMisbehaviourCostsTheConnection(t *testing.T) {
	many := codec.AppendResult(nil, codec.Result{Seq: 99, Attempt: 1})
	for len(many) < 60_000 {
		many = codec.AppendResult(many, codec.Result{Seq: 99, Attempt: 1})
	}
	tests := []struct {
		name string
		do   func(w *fake)
		said string
	}{
		{"a frame that only a coordinator sends", func(w *fake) { w.send(codec.TypeOver, []byte{0}) }, "which a worker never sends"},
		{"not a frame", func(w *fake) { w.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, "frame of"},
		{"a result that is cut short", func(w *fake) { w.send(codec.TypeResults, []byte{1, 1}) }, ""},
		{"jobs that it does not have", func(w *fake) {
			w.send(codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: 5, Count: 3}}}))
		}, "it gives back 3 jobs from 5 on"},
		{"a pong without a ping", func(w *fake) { w.send(codec.TypePong, make([]byte, 8)) }, "a ping that it was not sent"},
		{"answers by the thousand for jobs that it does not have", func(w *fake) { w.send(codec.TypeResults, many) }, "it answers jobs that it does not have"},
		{"more than its credit", func(w *fake) {
			w.answer(codec.Result{Seq: 1, Stdout: make([]byte, tightWindow+1)})
		}, "1 bytes of results more than it may"},
		{"answers that are not lines", func(w *fake) {
			w.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: 1, Count: 2, Lines: []byte("one\n")}))
		}, "not 2 answers"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, func(c *Config) { c.Stage = order.New(true, '\n', 1<<20) })
			w := r.worker("mallory", 1)
			r.do(func() { r.peers[1].window = tightWindow })
			r.jobs("a\n")
			first := w.job()
			test.do(w)
			w.gone()
			r.said("worker mallory is cut off: ")
			r.said(test.said)
			other := r.worker("anna", 1)
			if again := other.job(); again.Seq != first.Seq || again.Attempt != 2 {
				t.Errorf("the job comes as %+v", again)
			}
			other.answer(codec.Result{Seq: 1, Attempt: 2, Stdout: []byte("done\n")})
			r.noMore()
			if out, _ := r.written(); out != "done\n" {
				t.Errorf("stdout %q", out)
			}
		})
	}
}

func TestPanicCostsTheConnection(t *testing.T) {
	r := start(t, verbose)
	w, other := r.worker("anna", 1), r.worker("berta", 1)
	r.jobs("a\nb\n")
	mine, his := w.job(), other.job()
	r.do(func() { r.peers[1].Dec = nil })
	w.answer(codec.Result{Seq: mine.Seq, Stdout: []byte("x")})
	w.gone()
	r.said("internal error")
	other.answer(codec.Result{Seq: his.Seq})
	if got := other.job(); got.Attempt != 2 {
		t.Errorf("the job comes as %+v", got)
	}
}

// do runs f on the event loop.
func (r *rig) do(f func()) {
	done := make(chan struct{})
	_ = r.loop.Execute(context.Background(), runnable(func() { f(); close(done) }))
	<-done
}

type runnable func()

func (f runnable) Run(context.Context) error { f(); return nil }

func TestLargeRecord(t *testing.T) {
	r := start(t, nil)
	w := r.worker("anna", 1)
	record := strings.Repeat("x", 5<<20) + "\n"
	r.jobs(record)
	var got []byte
	for {
		m, err := codec.ParseJobPart(w.get(codec.TypeJobPart))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Data...)
		if m.Last {
			break
		}
	}
	if string(got) != record {
		t.Errorf("%d bytes came", len(got))
	}
	w.answer(codec.Result{Seq: 1, Stdout: []byte("ok")})
	r.jobs("small\n")
	if j := w.job(); j.Seq != 2 {
		t.Errorf("then comes job %d", j.Seq)
	}
}

func TestWorkerIsLostAmongTheParts(t *testing.T) {
	r := start(t, nil)
	w := r.worker("anna", 1)
	record := strings.Repeat("x", 5<<20) + "\n"
	r.do(func() { // the write of the first parts is what finds the connection closed
		w.Close()
		r.items <- split.Item{Range: batch.Range{Seq: 1, Count: 1, Data: []byte(record)}}
		r.turn()
	})
	r.said("worker anna is lost")
	m, err := codec.ParseJobPart(r.worker("berta", 1).get(codec.TypeJobPart))
	if err != nil || m.Seq != 1 || m.Attempt != 2 {
		t.Errorf("part of job %d, attempt %d, %v", m.Seq, m.Attempt, err)
	}
}

func TestLargeRecordWaitsForASlowReader(t *testing.T) {
	r := start(t, nil)
	w := r.worker("anna", 1)
	r.jobs(strings.Repeat("x", 60<<20) + "\n")
	r.do(func() {})
	var held int
	r.do(func() { held = r.peers[1].conn.OutboundBuffered() })
	if held > 2*maxFlow*stretch {
		t.Errorf("%d bytes of the record lie in the buffer", held)
	}
	w.Close()
	r.said("worker anna is lost")
}

func TestFailures(t *testing.T) {
	r := start(t, func(c *Config) { c.Schedule.Retries = 1; c.Timeout = time.Minute })
	w := r.worker("anna", 1)
	r.jobs("a\nb\nc\nd\n")
	r.noMore()
	outcomes := map[uint64]codec.Result{
		1: {Outcome: codec.Exited, Code: 3, Stdout: []byte("partial"), Stderr: []byte("oh\n")},
		2: {Outcome: codec.Signaled, Code: 9},
		3: {Outcome: codec.TimedOut},
		4: {Outcome: codec.Unrunnable, Note: []byte("too\x1b[31mbad")},
	}
	for n := uint64(0); n < 8; {
		j := w.job()
		for seq := j.Seq; seq < j.Seq+j.Count; seq++ {
			a := outcomes[seq]
			a.Seq, a.Attempt = seq, j.Attempt
			w.answer(a)
		}
		n += j.Count
	}
	out, errs := r.written()
	if out != "partial\n" {
		t.Errorf("stdout %q", out)
	}
	for _, want := range []string{
		"oh\njobpipe: line 1 failed: exit status 3\n",
		"jobpipe: line 2 failed: killed by signal 9 (SIGKILL)\n",
		"jobpipe: line 3 failed: it ran longer than 1m0s\n",
		`jobpipe: line 4 failed: too\x1b[31mbad` + "\n",
	} {
		if strings.Count(errs, want) != 1 {
			t.Errorf("stderr is %q, want once %q", errs, want)
		}
	}
	if got := r.Counts.Failed.Load(); got != 4 {
		t.Errorf("%d failed", got)
	}
}

func TestLossesGiveAJobUp(t *testing.T) {
	r := start(t, func(c *Config) { c.Schedule = schedule.Config{Delim: '\n', MaxLost: 2} })
	r.jobs("poison\n")
	r.noMore()
	for range 2 {
		w := r.worker("anna", 1)
		w.job()
		w.Close()
	}
	_, errs := r.written()
	if want := "jobpipe: line 1 failed: 2 workers vanished while they had it"; !strings.Contains(errs, want) {
		t.Errorf("stderr %q", errs)
	}
}

func TestDrain(t *testing.T) {
	r := start(t, func(c *Config) { c.Stage = order.New(true, '\n', 1<<20) })
	a, b := r.worker("anna", 1), r.worker("berta", 1)
	r.jobs("a\nb\nc\n")
	first, second := a.job(), b.job()
	r.Stop(Drain)
	r.do(func() {}) // the order has come
	b.answer(codec.Result{Seq: second.Seq, Stdout: []byte("second")})
	a.answer(codec.Result{Seq: first.Seq, Stdout: []byte("first")})
	out, _ := r.written()
	if out != "first\nsecond\n" && out != "second\nfirst\n" || first.Seq == 1 && out[0] != 'f' {
		t.Errorf("stdout %q", out)
	}
}

func TestSilentWorkerIsLost(t *testing.T) {
	r := start(t, func(c *Config) { c.DeadAfter = 300 * time.Millisecond })
	r.jobs("a\n")
	r.worker("anna", 1)
	r.said("worker anna is cut off: it was silent for 300ms; the job it had goes elsewhere")
	r.said("no workers: jobs wait for one to connect to nowhere")
}

// Many slots may be given more than gnet is to hold for a slow link.
func TestManySlotsOnASlowLink(t *testing.T) {
	const jobs = 1000
	r := start(t, func(c *Config) { c.Pool = batch.NewPool(1 << 30) })
	w := r.worker("anna", jobs)
	record := strings.Repeat("x", 40_000) + "\n"
	for range jobs {
		r.jobs(record)
	}
	for leased := 0; leased < jobs; {
		r.Kick()
		r.do(func() { leased = r.sched.Leased() })
	}
	var held int
	r.do(func() { held = r.peers[1].conn.OutboundBuffered() })
	if most := (maxFlow + 1) * (stretch + codec.MaxFrame); held > most {
		t.Errorf("%d bytes lie in the buffer, more than %d", held, most)
	}
	for got := uint64(0); got < jobs; {
		got += w.job().Count
	}
}
