package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

func TestDrain(t *testing.T) {
	g := newGates(t, 5)
	c := begin(t, g.config(2))
	c.jobs(1, 1, "a", "b", "c", "d", "e")
	g.reached(1)
	g.reached(2)
	c.drain()
	c.slots(0)
	c.gaveBack("3-5")
	c.jobs(6, 1, "late")
	c.gaveBack("6")
	g.pass(1, "one ")
	first := c.result()
	g.pass(2, "two ")
	second := c.result()
	if string(first.Stdout) != "one a\n" || string(second.Stdout) != "two b\n" {
		t.Errorf("got %q and %q", first.Stdout, second.Stdout)
	}
	c.ack(0, first.Seq)
	c.echo() // it does not leave: a result is not safe yet
	c.ack(0, second.Seq)
	c.goodbye(done)
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestDrainWithNothingToDo(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.drain()
	c.slots(0)
	c.goodbye(done)
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

// Jobs that are on the way when the worker takes its leave go back: those with a
// worker that is gone count as lost.
func TestDrainWithJobsOnTheWay(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.drain()
	c.slots(0)
	ping := c.frame()
	if ping.Type != codec.TypePing {
		t.Fatalf("a %v instead of a Ping", ping.Type)
	}
	c.send(codec.TypePong, make([]byte, 8)) // to a heartbeat
	c.jobs(1, 1, "a", "b")
	c.gaveBack("1-2")
	c.send(codec.TypePong, ping.Payload)
	c.goodbye(done)
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestResultsAreKeptUntilAcknowledged(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.jobs(1, 1, "a", "b", "c")
	for range 3 {
		c.result()
	}
	c.drain()
	c.slots(0)
	for _, spans := range [][]codec.Span{
		{{Seq: 4, Count: 100}}, // none of them
		{{Seq: 3, Count: 1 << 60}},
		{{Seq: 1, Count: 1}, {Seq: 1, Count: 1}},
	} {
		c.send(codec.TypeAck, codec.AppendAck(nil, codec.Ack{Spans: spans}))
		c.echo()
	}
	c.ack(0, 2)
	c.goodbye(done)
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

// A job that the coordinator hands out again though it was answered.
func TestLaterAttemptReplacesTheResult(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.jobs(1, 1, "first")
	c.result()
	c.jobs(1, 2, "second")
	if r := c.result(); r.Attempt != 2 || string(r.Stdout) != "second\n" {
		t.Errorf("attempt %d: %q", r.Attempt, r.Stdout)
	}
	c.drain()
	c.slots(0)
	c.ack(0, 1)
	c.goodbye(done)
}

func TestOver(t *testing.T) {
	for how, name := range []string{"all is safe", "stop now"} {
		t.Run(name, func(t *testing.T) {
			g := newGates(t, 3)
			c := begin(t, g.config(1))
			c.jobs(1, 1, "a", "b", "c")
			g.reached(1)
			c.over(uint8(how))
			c.slots(0)
			c.gaveBack("2-3")
			c.gaveBack("1") // it was ended
			c.goodbye(done)
			if err := c.end(); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOverAndClosedAtOnce(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.over(0)
	c.conn.Close()
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsTheJobs(t *testing.T) {
	g := newGates(t, 3)
	c := begin(t, g.config(1))
	c.jobs(1, 1, "a", "b", "c")
	g.reached(1)
	c.cancel()
	c.slots(0)
	c.gaveBack("2-3")
	c.gaveBack("1")
	c.goodbye(bySignal)
	if err := c.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsADrain(t *testing.T) {
	g := newGates(t, 1)
	c := begin(t, g.config(1))
	c.jobs(1, 1, "a")
	g.reached(1)
	c.drain()
	c.slots(0)
	c.cancel()
	c.gaveBack("1")
	c.goodbye(bySignal)
	if err := c.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// symlink makes a name for a program that can be taken away.
func symlink(t *testing.T, program string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.Symlink(program, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommandThatCannotBeRun(t *testing.T) {
	path := symlink(t, "/bin/cat")
	cfg := config(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c := begin(t, cfg)
	c.jobs(1, 1, "a")
	c.gaveBack("1")
	c.slots(0)
	sentence := c.goodbye(cannotRun)
	err := c.end()
	if !errors.Is(err, command.ErrCannotRun) || sentence != err.Error() || !strings.Contains(sentence, path) {
		t.Errorf("it says %q and returns %v", sentence, err)
	}
	if !c.logged.has("cannot run") {
		t.Error("nothing is logged")
	}
}

func TestAllJobsGoBackWhenTheCommandIsGone(t *testing.T) {
	path := symlink(t, "/bin/cat")
	cfg := config(t, path)
	cfg.Slots = 3
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c := begin(t, cfg)
	c.jobs(1, 1, strings.Split(strings.Repeat("x", 99), "")...)
	back := map[uint64]int{}
	f := c.next()
	for ; f.Type == codec.TypeSlots || f.Type == codec.TypeGiveBack; f = c.next() {
		if f.Type == codec.TypeSlots {
			continue
		}
		m, err := codec.ParseGiveBack(f.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range m.Spans {
			for n := range s.Count {
				back[s.Seq+n]++
			}
		}
	}
	for n := uint64(1); n <= 99; n++ {
		if back[n] != 1 {
			t.Errorf("job %d was given back %d times", n, back[n])
		}
	}
	if f.Type != codec.TypeGoodbye {
		t.Errorf("a %v at the end", f.Type)
	}
}

func TestOtherJobsFinishWhenTheCommandIsGone(t *testing.T) {
	g := newGates(t, 1)
	path := symlink(t, "/bin/sh")
	cfg := config(t, path, "-c", "cat "+g.path(1))
	cfg.Slots = 2
	c := begin(t, cfg)
	c.jobs(1, 1, "a")
	g.reached(1)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.jobs(2, 1, "b")
	c.gaveBack("2")
	c.slots(0)
	g.pass(1, "done")
	if r := c.result(); r.Seq != 1 || string(r.Stdout) != "done" {
		t.Errorf("job %d: %q", r.Seq, r.Stdout)
	}
	c.ack(0, 1)
	c.goodbye(cannotRun)
	if err := c.end(); !errors.Is(err, command.ErrCannotRun) {
		t.Errorf("got %v", err)
	}
}

// A connection that ends while jobs run: they are ended too.
func TestLostWhileAJobRuns(t *testing.T) {
	g := newGates(t, 1)
	c := begin(t, g.config(1))
	c.jobs(1, 1, "a")
	g.reached(1)
	c.conn.Close()
	if err := c.end(); !errors.Is(err, ErrLost) {
		t.Errorf("got %v", err)
	}
}

// Goodbye is the last frame, also when results are left that there is credit for.
func TestWriterEndsWhenLeaving(t *testing.T) {
	l := &link{results: outbox{credit: 10, kept: map[uint64]*result{}}}
	l.work.L, l.send.L = &l.mu, &l.mu
	l.results.put(&result{seq: 1, attempt: 1})
	if w := (&writer{connection: &connection{link: l, leaving: true}}); !l.results.ready() || w.collect() {
		t.Error("the writer goes on")
	}
}
