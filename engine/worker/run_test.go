package worker

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// runs is a worker of the coordinator behind a door that it goes on knocking at.
func runs(t *testing.T, change func(*Config)) (*door, *runner) {
	t.Helper()
	d := newDoor(t, "unix")
	cfg := config(t, "cat")
	cfg.Connect, cfg.Wait = []string{d.addr}, time.Hour
	change(&cfg)
	return d, start(t, cfg)
}

func TestRunConnectsAgain(t *testing.T) {
	cuts := map[string]func(*coordinator){
		"the connection is cut":  func(c *coordinator) { c.conn.Close() },
		"a violation":            func(c *coordinator) { c.send(codec.TypeHello, nil) },
		"cut before the welcome": nil,
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			d, r := runs(t, func(*Config) {})
			if cut == nil {
				d.answer().conn.Close()
			} else {
				cut(d.letIn())
			}
			c := d.letIn()
			c.jobs(1, 1, "again")
			if got := c.result(); string(got.Stdout) != "again\n" {
				t.Errorf("got %q", got.Stdout)
			}
			c.over(0)
			c.slots(0)
			c.goodbye(done)
			if err := r.end(); err != nil {
				t.Errorf("got %v", err)
			}
			if !r.logged.has("trying again") {
				t.Error("nothing is logged")
			}
		})
	}
}

// A busy coordinator, and one that closes the connection at once.
func TestRunKnocksUntilItIsLetIn(t *testing.T) {
	d, r := runs(t, func(*Config) {})
	for range 2 {
		conn := d.accept()
		d.opening(conn)
		if _, err := conn.Write(codec.Busy()); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		d.accept().Close()
	}
	c := d.letIn()
	c.over(0)
	c.slots(0)
	c.goodbye(done)
	if err := r.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestRunTriesAllAddresses(t *testing.T) {
	nobody := filepath.Join(t.TempDir(), "nobody")
	d, r := runs(t, func(cfg *Config) {
		cfg.Connect = append([]string{"unix:" + nobody, "unix:" + nobody}, cfg.Connect...)
		cfg.Wait = 0
	})
	c := d.letIn()
	c.over(0)
	c.slots(0)
	c.goodbye(done)
	if err := r.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestRunGivesUpWaiting(t *testing.T) {
	for name, wait := range map[string]time.Duration{"at once": 0, "after a while": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			nobody := filepath.Join(t.TempDir(), "nobody")
			_, r := runs(t, func(cfg *Config) {
				cfg.Connect, cfg.Wait = []string{"unix:" + nobody, "unix:" + nobody}, wait
			})
			r.ends(nil, "no coordinator reached for "+wait.String()+": unix:"+nobody+": no such file or directory; unix:"+nobody+": no such")
		})
	}
}

func TestRunSaysWhoDoesNotAnswer(t *testing.T) {
	d, r := runs(t, func(cfg *Config) { cfg.Wait = 0 })
	conn := d.accept()
	d.opening(conn)
	conn.Close()
	r.ends(nil, "is it a jobpipe coordinator?")
}

func TestRunStays(t *testing.T) {
	drain := make(chan struct{})
	d, r := runs(t, func(cfg *Config) { cfg.Stay, cfg.Wait, cfg.Drain = true, 0, drain })
	for range 2 {
		c := d.letIn()
		c.over(0)
		c.slots(0)
		c.goodbye(done)
	}
	c := d.letIn()
	close(drain)
	c.slots(0)
	c.goodbye(done)
	if err := r.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestRunEndsWhileNobodyIsThere(t *testing.T) {
	drain := make(chan struct{})
	d, r := runs(t, func(cfg *Config) { cfg.Stay, cfg.Drain = true, drain })
	d.accept().Close()
	close(drain)
	if err := r.end(); err != nil {
		t.Errorf("drained: %v", err)
	}
	d, r = runs(t, func(cfg *Config) { cfg.Stay = true })
	d.accept().Close()
	r.cancel()
	r.ends(context.Canceled, "")
}

func TestRunEndsWhileItKnocks(t *testing.T) {
	d, r := runs(t, func(cfg *Config) { cfg.Stay = true })
	conn := d.accept()
	d.opening(conn)
	r.cancel()
	r.ends(context.Canceled, "")
}

func TestRunEndsWhenTheCommandCannotBeRun(t *testing.T) {
	path := symlink(t, "/bin/cat")
	gone := config(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d, r := runs(t, func(cfg *Config) { cfg.Stay, cfg.Command = true, gone.Command })
	c := d.letIn()
	c.jobs(1, 1, "a")
	c.gaveBack("1")
	c.slots(0)
	c.goodbye(cannotRun)
	r.ends(command.ErrCannotRun, d.addr)
}

func TestRunIsRefused(t *testing.T) {
	d, r := runs(t, func(cfg *Config) { cfg.Stay = true })
	c := d.answer()
	c.hello()
	c.send(codec.TypeRefuse, codec.AppendRefuse(nil, codec.Refuse{Reason: "no room"}))
	r.ends(ErrRefused, "no room")
}

// The cause at the bottom of an error, without addresses.
func TestCause(t *testing.T) {
	_, err := net.Dial("unix", filepath.Join(t.TempDir(), "nobody"))
	if got := cause(err); got != "no such file or directory" {
		t.Errorf("%v became %q", err, got)
	}
	if got := cause(&net.DNSError{Err: "no such host", Name: "nowhere"}); got != "lookup nowhere: no such host" {
		t.Errorf("got %q", got)
	}
	if got := cause(os.ErrDeadlineExceeded); got != "no answer in time" {
		t.Errorf("got %q", got)
	}
	if got := cause(errors.New("other")); got != "other" {
		t.Errorf("got %q", got)
	}
}
