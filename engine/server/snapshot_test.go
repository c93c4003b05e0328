package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/live"
)

func (r *rig) look() *live.Run {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	run, err := r.Snapshot(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

// until looks until it sees something.
func (r *rig) until(what string, is func(*live.Run) bool) (run *live.Run) {
	r.t.Helper()
	defer func() {
		if r.t.Failed() {
			r.t.Logf("until %s: %+v", what, run)
		}
	}()
	r.eventually(func() bool { run = r.look(); return is(run) })
	return run
}

func TestSnapshot(t *testing.T) {
	r := start(t, func(c *Config) { c.Watch, c.Schedule.Retries = true, 1 })
	if run := r.look(); run.Why != "waiting for input" || run.State != live.Going || len(run.Workers) > 0 {
		t.Errorf("at the beginning: %+v", run)
	}
	r.jobs("first\nsecond\nthird\nfourth\n")
	r.until("there are jobs", func(run *live.Run) bool {
		return run.Read == 4 && run.Waiting == 4 && run.Why == "waiting for workers: none has come to nowhere"
	})

	a := r.worker("a", 3)
	a.job()
	run := r.until("they are handed out", func(run *live.Run) bool { return run.Running == 3 })
	if run.Slots != 3 || run.Waiting != 1 || len(run.Workers) != 1 || len(run.Slow) != 3 {
		t.Fatalf("handed out: %+v", run)
	}
	if w := run.Workers[0]; w.Name != "a" || w.Running != 3 || w.Queued != 0 || w.Slots != 3 || w.Away || w.Addr != "" || w.Sent == 0 {
		t.Errorf("the worker: %+v", w)
	}
	for i, text := range []string{"first", "second", "third"} {
		if j := run.Slow[i]; j.Seq != uint64(i+1) || j.Count != 1 || j.Text != text || j.Worker != "a" || j.For <= 0 {
			t.Errorf("job %d: %+v", i+1, j)
		}
	}

	stderr := strings.Repeat("so it goes ", 1000)
	a.answer(codec.Result{Seq: 1, Took: 2000, Start: uint64(time.Now().UnixMicro()), Stdout: []byte("one\n")})
	a.answer(codec.Result{Seq: 2, Code: 3, Stderr: []byte(stderr)})
	run = r.until("one has failed, once", func(run *live.Run) bool { return run.Done == 1 && run.Retried == 1 })
	if run.Failed != 0 || len(run.Failures) != 0 || run.Workers[0].Done != 1 || run.Workers[0].Failed != 1 {
		t.Errorf("one failed, once: %+v", run)
	}
	for a.job().Seq != 2 { // which may be after the fourth
	}
	a.answer(codec.Result{Seq: 2, Attempt: 2, Code: 3, Stderr: []byte(stderr)})
	run = r.until("it has failed", func(run *live.Run) bool { return run.Failed == 1 })
	if len(run.Failures) != 1 {
		t.Fatalf("failures: %+v", run.Failures)
	}
	f := run.Failures[0]
	if f.Seq != 2 || f.Text != "second" || f.Worker != "a" || f.Cause != "exit status 3" || f.Stderr != stderr[len(stderr)-live.MostStderr:] {
		t.Errorf("the failure: %+v", f)
	}
	total := int64(0)
	for _, n := range run.Took.Count {
		total += n
	}
	if total != 3 || run.Took.Sum <= 0 {
		t.Errorf("3 attempts took %+v", run.Took)
	}

	strips, err := r.Strips(context.Background(), []uint64{run.Workers[0].ID, 999})
	if err != nil || len(strips) != 1 || len(strips[run.Workers[0].ID]) == 0 || len(run.Strip) == 0 {
		t.Errorf("strips: %+v (%v)", strips, err)
	}
	a.Close()
	r.until("all have left", func(run *live.Run) bool {
		return run.Why == "waiting for workers: all have left" && run.Waiting == 2 && len(run.Workers) == 0
	})
	b := r.worker("b", 4)
	for answered := uint64(0); answered < 2; {
		m := b.job()
		for seq := m.Seq; seq < m.Seq+m.Count; seq++ {
			b.answer(codec.Result{Seq: seq, Attempt: m.Attempt})
			answered++
		}
	}
	r.noMore()
	r.until("it is over", func(run *live.Run) bool { return run.State != live.Going && run.Done == 4 && run.Ended })
}

// A worker that is away is there, and back it is the same one.
func TestSnapshotOfAway(t *testing.T) {
	r := start(t, func(c *Config) { c.Watch, c.Grace = true, patience })
	r.jobs("first\n")
	session := [16]byte{1}
	a := r.connect(codec.Hello{Slots: 2, Name: "a", Session: session})
	a.job()
	a.Close()
	run := r.until("it is away", func(run *live.Run) bool { return len(run.Workers) == 1 && run.Workers[0].Away })
	if run.Why != "waiting for 1 worker to come back; what they have is kept for them" || run.Running != 1 || run.Slots != 0 {
		t.Errorf("away: %+v", run)
	}
	id := run.Workers[0].ID
	a = r.connect(codec.Hello{Slots: 2, Name: "a", Session: session})
	a.send(codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Last: true, Spans: []codec.HeldSpan{{Span: codec.Span{Seq: 1, Count: 1}, Attempt: 1}}}))
	run = r.until("it is back", func(run *live.Run) bool { return len(run.Workers) == 1 && !run.Workers[0].Away })
	if w := run.Workers[0]; w.ID != id || w.Running != 1 || run.Why != "waiting for more input: there are slots without a job" {
		t.Errorf("back: %+v", run)
	}
}

// Nobody who is not let look has anything kept for them.
func TestNobodyWatches(t *testing.T) {
	r := start(t, nil)
	r.jobs("first\n")
	a := r.worker("a", 1)
	a.job()
	run := r.until("it is handed out", func(run *live.Run) bool { return run.Running == 1 })
	if run.Workers[0].Shares != (live.Shares{}) || run.Strip != nil || run.Workers[0].Running != 1 {
		t.Errorf("got %+v", run.Workers[0])
	}
	if strips, err := r.Strips(context.Background(), nil); err != nil || len(strips) > 0 {
		t.Errorf("strips: %+v (%v)", strips, err)
	}
}

// Whoever asks gives up when the loop does not answer.
func TestSnapshotOfABusyLoop(t *testing.T) {
	r := start(t, nil)
	busy, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	go ask(context.Background(), r.Server, func() bool { close(busy); <-done; return true })
	<-busy
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if run, err := r.Snapshot(ctx); err == nil {
		t.Errorf("got %+v", run)
	}
}
