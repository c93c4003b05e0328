package worker

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// Who ends a worker with all that it has started does not make jobs fail.
func TestJobsEndedWithTheWorker(t *testing.T) {
	for name, end := range map[string]string{"TERM": "kill -TERM $$", "HUP": "kill -HUP $$", "status": "exit 143"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGates(t, 2)
			cfg := sh(t, fmt.Sprintf("cat %s/$JOBPIPE_SEQ; %s", g.dir, end))
			cfg.Slots = 2
			c := begin(t, cfg)
			c.jobs(1, 1, "a", "b")
			g.reached(1)
			g.reached(2)
			g.pass(2, "") // somebody ends that one alone
			if r := c.result(); r.Seq != 2 || r.Outcome == codec.Exited && r.Code == 0 {
				t.Errorf("%+v", r)
			}
			c.drain()
			c.slots(0)
			g.pass(1, "")
			c.gaveBack("1")
			c.ack(0, 2)
			c.goodbye(done)
			if err := c.end(); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLinesEndedWithTheWorker(t *testing.T) {
	g := newGates(t, 1)
	r := shLines(t, fmt.Sprintf("read n; cat %s/1; kill -TERM $$", g.dir))
	r.numbers(1, 3)
	g.reached(1)
	r.drain()
	r.coordinator.slots(0)
	g.pass(1, "")
	r.until(func() bool { return r.givenBack() == 3 })
	if len(r.failed) > 0 {
		t.Errorf("these failed: %v", r.failed)
	}
	r.goodbye(done)
}

// The worker's own signal may come a little later than the job's.
func TestSwept(t *testing.T) {
	term := command.Result{Outcome: command.Signaled, Code: int(syscall.SIGTERM)}
	drain := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() { close(drain) })
	if !(&Config{Drain: drain}).swept(&term) {
		t.Error("a signal that comes late is none")
	}
	if (&Config{Drain: make(chan struct{})}).swept(&term) {
		t.Error("a signal that does not come is one")
	}
	if (&Config{}).swept(&term) {
		t.Error("nobody can end the worker, and somebody has")
	}
	for _, r := range []command.Result{
		{Outcome: command.Exited, Code: 0},
		{Outcome: command.Exited, Code: 1},
		{Outcome: command.Signaled, Code: int(syscall.SIGKILL)},
		{Outcome: command.TimedOut, Code: int(syscall.SIGTERM)},
	} {
		if (&Config{Drain: drain}).swept(&r) {
			t.Errorf("%+v counts as ended with the worker", r)
		}
	}
}
