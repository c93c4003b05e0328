package main

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A cost is what an attack did to a run.
type cost struct {
	kept   float64       // part of the rate that is left
	memory int64         // bytes that the coordinator had more at most
	cpu    float64       // processors that it used more
	spent  float64       // processors that the attackers used
	lines  int           // on its stderr
	join   time.Duration // the longest it took a worker to be let in
}

// measure watches a run in turns without and with the attack.
func measure(bin string, a *attack, rounds int, turn time.Duration) (c cost, err error) {
	r, err := begin(bin)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, r.end()) }()
	r.watch(turn) // until it is warm
	lines, memory := r.lines(), r.memory()
	var kept, cpu []float64
	for range rounds {
		before := r.watch(turn)
		stop, err := r.attack(a)
		if err != nil {
			return c, err
		}
		joined := make(chan time.Duration, 1)
		go func() { joined <- r.join() }()
		during := r.watch(turn)
		c.join = max(c.join, <-joined)
		c.spent = max(c.spent, stop())
		time.Sleep(200 * time.Millisecond)
		after := r.watch(turn)
		kept = append(kept, during.rate/((before.rate+after.rate)/2))
		cpu = append(cpu, during.cpu-(before.cpu+after.cpu)/2)
	}
	slices.Sort(kept)
	slices.Sort(cpu)
	c.kept, c.cpu = kept[len(kept)/2], cpu[len(cpu)/2]
	c.lines, c.memory = r.lines()-lines, r.memory()-memory
	return c, nil
}

// A pace is how a run gets on.
type pace struct{ rate, cpu float64 }

func (r *run) watch(d time.Duration) pace {
	got, cpu, start := r.got.Load(), r.cpu(), time.Now()
	time.Sleep(d)
	passed := time.Since(start).Seconds()
	return pace{float64(r.got.Load()-got) / passed, (r.cpu() - cpu).Seconds() / passed}
}

// attack starts the attackers. stop returns how many processors they had.
func (r *run) attack(a *attack) (stop func() float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := command(second, "", self, "-role", a.name, "-addr", r.addr, "-local", r.local, "-key-file", r.keyFile())
	c.Stderr = os.Stderr
	start := time.Now()
	if err := c.Start(); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	return func() float64 {
		_ = c.Process.Signal(syscall.SIGKILL)
		_ = c.Wait()
		return (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds() / time.Since(start).Seconds()
	}, nil
}

// longest is how long it is tried to join.
const longest = 20 * time.Second

// join returns how long a worker with the key, on another machine, takes to be
// let in. It leaves at once.
func (r *run) join() time.Duration {
	start := time.Now()
	retry := 50 * time.Millisecond // as jobpipe-worker does it
	for time.Since(start) < longest {
		p, err := meet(r.addr, "127.0.0.9", readKey(r.keyFile()), helloOf("late", 1))
		if err == nil {
			took := time.Since(start)
			_ = p.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
			p.drain()
			return took
		}
		time.Sleep(retry)
		retry = min(2*retry, 3*time.Second)
	}
	return time.Since(start)
}
