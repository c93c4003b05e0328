package server

import (
	"math"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/live"
)

func TestClosing(t *testing.T) {
	r := start(t, func(c *Config) { c.Watch, c.Schedule.Retries, c.Schedule.MaxLost = true, 1, 1 })
	one := r.worker("one", 1)
	r.jobs("1\n")
	one.job()
	one.answer(codec.Result{Seq: 1, Start: uint64(time.Now().UnixMicro()), Took: 1000, Stdout: []byte("a\n")})
	fail := func(w *fake, seq uint64) {
		r.jobs("fails\n")
		for range 2 {
			m := w.job()
			w.answer(codec.Result{Seq: seq, Attempt: m.Attempt, Code: 3})
		}
	}
	fail(one, 2)
	r.jobs("kills\n")
	one.job()
	one.Close()
	r.until("it is lost", func(run *live.Run) bool { return run.Failed == 2 })
	two := r.worker("two", 2)
	fail(two, 4)
	close(r.items)
	r.Kick()
	r.isOver()
	c := r.Closing()
	if c == nil {
		t.Fatal("there is no closing")
	}
	if c.Done != 4 || c.Failed != 3 || c.Left != 0 || c.Retried != 2 || c.Joined != 2 || c.Took <= 0 {
		t.Errorf("%+v", c)
	}
	if len(c.Causes) != 2 || c.Causes[0] != (live.Cause{Why: "exit status 3", Count: 2}) || c.Causes[1].Count != 1 {
		t.Errorf("causes: %+v", c.Causes)
	}
	if len(c.Workers) != 2 || c.Workers[0].Name != "one" || c.Workers[0].Done != 2 || c.Workers[1].Name != "two" || c.Workers[1].Done != 1 {
		t.Errorf("workers: %+v", c.Workers)
	}
	var all live.Total
	for _, w := range c.Workers {
		if w.Slots <= 0 || w.Busy <= 0 || w.Busy > w.Slots {
			t.Errorf("%+v", w)
		}
		all.Add(w.Total)
	}
	if math.Abs(all.Slots-c.All.Slots)+math.Abs(all.Busy-c.All.Busy) > 1e-6 {
		t.Errorf("all are %+v, together %+v", c.All, all)
	}
	sum := 0.0
	for _, share := range c.Brakes {
		sum += share
	}
	if math.Abs(sum-1) > 1e-6 {
		t.Errorf("brakes: %v", c.Brakes)
	}
}

func TestNoClosing(t *testing.T) {
	r := start(t, nil)
	r.jobs("1\n")
	r.worker("one", 1).job()
	r.Stop(Halt)
	r.isOver()
	if c := r.Closing(); c != nil {
		t.Errorf("%+v", c)
	}
}
