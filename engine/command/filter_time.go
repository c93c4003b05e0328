package command

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What is to be done by time alone.
type task int

const (
	idle    task = iota // nothing: the pipes say when there is
	kill                // KILL is due
	letGo               // close pipes that others hold open
	expire              // the oldest record is out of time
	dismiss             // the process has nothing more to do, and stays
	glance              // see what the process is doing
)

// plan says what is next, and when.
func (f *Filter) plan() (task, time.Time) {
	p := f.p
	switch {
	case !p.exited.IsZero():
		if f.stalled && f.owed > 0 && !p.ending {
			return idle, time.Time{} // what is in the pipe is not lost
		}
		return letGo, later(p.exited, f.moved).Add(linger)
	case p.ending:
		if p.kill.IsZero() {
			return idle, time.Time{}
		}
		return kill, p.kill
	case p.out == none:
		return dismiss, f.moved.Add(linger)
	case p.in == none && f.owed == 0:
		return dismiss, f.moved.Add(f.slot.c.killAfter())
	case f.owed == 0 || f.stalled: // it waits for us
		return idle, time.Time{}
	}
	what, at := idle, time.Time{}
	if f.timeout > 0 {
		what, at = expire, f.since.Add(f.timeout)
	}
	// A process that has something to read, or cannot write, does not wait.
	if p.in != none && len(f.rest) == 0 {
		if due := f.look.due(f.moved); what == idle || due.Before(at) {
			what, at = glance, due
		}
	}
	return what, at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// patience is how many milliseconds the poll may wait.
func (f *Filter) patience(now time.Time) int {
	what, at := f.plan()
	if what == idle {
		return -1
	}
	return millis(max(0, at.Sub(now)))
}

// onTime does what is due.
func (f *Filter) onTime(now time.Time) {
	p := f.p
	what, at := f.plan()
	if what == idle || now.Before(at) {
		return
	}
	switch what {
	case kill:
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
		p.kill = time.Time{}
	case letGo:
		f.letGo()
	case expire:
		p.end(TimedOut, "")
	case dismiss:
		p.end(Unrunnable, "the command closed its stdout and did not exit")
	case glance:
		f.glance(now)
	}
}

// letGo closes the pipes that others hold open. A poll that a signal ended, and
// late, has not told of what the process wrote: answers are read before that.
func (f *Filter) letGo() {
	p := f.p
	if !p.ending && !f.stalled && readable(p.out) {
		return
	}
	for most := mostInPipe; most > 0 && readable(p.err); most -= readSize {
		f.readErrs()
	}
	p.closeOutput()
}

// readable tells whether there is something in a pipe, or its end.
func readable(fd int) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds[:], 0)
	return n > 0
}

// glance sees whether the process waits for input while it owes answers. Then
// it gets more, or its stdin is closed.
func (f *Filter) glance(now time.Time) {
	if unread, known := f.p.unread(); known && unread < f.written && f.look.began.IsZero() {
		f.look.began = now
	}
	what := f.p.doing()
	if !f.look.waits(what, now, f.moved, f.doubt) || f.stirred() {
		return
	}
	if !f.hungry && !f.presses(now) {
		f.pace.collects(f.owed)
		return
	}
	f.closed = closing{now, f.owed, what, f.look.worked(what, now)}
	f.closeInput(now)
}

// stirred tells whether something has happened since the poll. A process that
// waits for input has written what it was going to, so an answer is here by now.
func (f *Filter) stirred() bool {
	fds := [2]unix.PollFd{
		{Fd: int32(f.slot.bell[0]), Events: unix.POLLIN},
		{Fd: int32(f.p.out), Events: unix.POLLIN},
	}
	n, _ := unix.Poll(fds[:], 0)
	return n != 0
}
