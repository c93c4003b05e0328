//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/numbers"
)

// A crew is the workers of one run. They speak the protocol and run nothing: a
// job is over when its time has passed, and its result is its record. All
// share one clock, so that thousands of slots cost little.
type crew struct {
	took  time.Duration // of a job
	slots int           // of each worker
	dial  func(n int) (net.Conn, error)
	key   *codec.Key
	keep  bool // connections are cut, and everything is brought home nevertheless

	mu    sync.Mutex // guards all below, and every hand
	hands []*hand
	work  sync.Cond // due is not empty any more
	due   []due     // jobs that run, by when they end: all take equally long
	full  []*hand   // have results to send
	begun *numbers.Tally
	here  int // connected
	ended bool
	wait  sync.WaitGroup
	err   error
}

// due is when a job ends.
type due struct {
	at time.Duration
	*hand
	job
}

// hire connects so many workers, at the same time.
func (c *crew) hire(size int) error {
	c.work.L = &c.mu
	for n := range size {
		h := c.newHand(n)
		c.hands = append(c.hands, h)
		c.wait.Go(func() {
			if err := h.serve(); err != nil {
				c.fail(err)
			}
		})
	}
	if c.took > 0 {
		go c.run()
	}
	return c.gather()
}

// patience is how long workers may take to connect.
const patience = 2 * time.Minute

// gather waits until all are connected.
func (c *crew) gather() error {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		here, err := c.here, c.err
		c.mu.Unlock()
		if here == len(c.hands) || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("of %d workers %d are connected", len(c.hands), here)
		}
	}
}

// cut closes all connections at once.
func (c *crew) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.here = 0
	for _, h := range c.hands {
		_ = h.conn.Close()
		h.conn = nil
	}
}

func (c *crew) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = errors.Join(c.err, err)
}

// leave waits for the end of all workers.
func (c *crew) leave() error {
	c.wait.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.work.Signal()
	return c.err
}

// company is how long results wait for company. The slots do not: what they do
// next has come before.
const company = time.Millisecond

// run ends jobs when they are due. The runtime's timers are too coarse for
// that, so it has a thread to itself that sleeps in the kernel.
func (c *crew) run() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	sent := now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.ended {
		if len(c.due) == 0 {
			c.flush()
			c.work.Wait()
			continue
		}
		if at := c.due[0].at; at > now() {
			c.mu.Unlock()
			until(at)
			c.mu.Lock()
		}
		at := now()
		for len(c.due) > 0 && c.due[0].at <= at {
			d := c.due[0]
			c.due = c.due[1:]
			d.finish(d.job)
			if d.free++; !d.start(at) {
				d.send() // it waits for more
			}
		}
		if at-sent >= company {
			sent = at
			c.flush()
		}
	}
}

// flush sends the results of all.
func (c *crew) flush() {
	for _, h := range c.full {
		h.listed = false
		h.send()
	}
	c.full = c.full[:0]
}

// now is the time by the clock that until sleeps by.
func now() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Duration(t.Nano())
}

func until(at time.Duration) {
	t := unix.NsecToTimespec(int64(at))
	_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &t, nil)
}
