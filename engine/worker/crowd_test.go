package worker

import (
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// crowded has the machine of a worker be busy as long as it is said to be.
func crowded(cfg *Config) (busy *atomic.Bool) {
	busy = new(atomic.Bool)
	cfg.Busy = func() string {
		if busy.Load() {
			return "it is crowded"
		}
		return ""
	}
	return busy
}

func TestBusyMachineStartsNoJobs(t *testing.T) {
	cfg := config(t, "cat")
	cfg.Slots = 2
	busy := crowded(&cfg)
	busy.Store(true)
	c := begin(t, cfg)
	c.slots(0) // before anything else
	c.jobs(1, 1, "a", "b")
	c.gaveBack("1-2")
	busy.Store(false)
	c.slots(2)
	c.jobs(1, 2, "a")
	if r := c.result(); string(r.Stdout) != "a\n" {
		t.Errorf("got %q", r.Stdout)
	}
	c.logged.mu.Lock()
	defer c.logged.mu.Unlock()
	want := []string{"worker: it is crowded; no more jobs are started until that is over\n", "worker: the machine has room again; taking jobs\n"}
	if !slices.Equal(c.logged.lines, want) {
		t.Errorf("logged: %q, want %q", c.logged.lines, want)
	}
}

// What runs when the machine becomes busy goes on; what waits goes back.
func TestMachineBecomesBusy(t *testing.T) {
	dir := t.TempDir()
	began, over := filepath.Join(dir, "began"), filepath.Join(dir, "over")
	cfg := sh(t, "read -r x; touch "+began+"; until [ -e "+over+" ]; do sleep .01; done; echo $x")
	busy := crowded(&cfg)
	c := begin(t, cfg)
	c.jobs(1, 1, "a", "b")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(began); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the first job does not begin")
		}
	}
	busy.Store(true)
	c.slots(0)
	c.gaveBack("2")
	if err := os.WriteFile(over, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := c.result(); r.Seq != 1 || string(r.Stdout) != "a\n" {
		t.Errorf("got %q of job %d", r.Stdout, r.Seq)
	}
	busy.Store(false)
	c.slots(1)
	c.jobs(2, 1, "b")
	if r := c.result(); string(r.Stdout) != "b\n" {
		t.Errorf("got %q", r.Stdout)
	}
}

func TestBusyMachineSaysSoOnEachConnection(t *testing.T) {
	var busy *atomic.Bool
	k := newKept(t, func(cfg *Config) {
		busy = crowded(cfg)
		busy.Store(true)
	})
	c, _ := k.knock(keeps(time.Hour, false))
	c.slots(0)
	c.conn.Close()
	c, _ = k.knock(keeps(time.Hour, true))
	c.holds("")
	c.slots(0)
	c.goOn()
	busy.Store(false)
	c.slots(1)
	c.jobs(1, 1, "a")
	if r := c.result(); string(r.Stdout) != "a\n" {
		t.Errorf("got %q", r.Stdout)
	}
	c.ack(0, 1)
	k.bye(c)
}

func TestDrainWhileTheMachineIsBusy(t *testing.T) {
	cfg := config(t, "cat")
	crowded(&cfg).Store(true)
	c := begin(t, cfg)
	c.slots(0)
	c.drain()
	c.slots(0)
	c.goodbye(done)
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

// Two reasons for a pause do not end each other: one that cannot start processes
// stays so when the machine has room.
func TestPausesAreCounted(t *testing.T) {
	l := newLink(&Config{Slots: 1, Log: logTo(t)}, usual())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halt()
	l.halt()
	l.goOn()
	if l.paused == 0 {
		t.Error("one of two reasons is over, and jobs are taken")
	}
	l.goOn()
	if l.paused != 0 {
		t.Error("no jobs are taken though there is no reason")
	}
}
