package command

import (
	"bytes"
	"context"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pump serves the process until it has exited and its output is read. All
// pipes are non-blocking and both ways are served at once, so that it does not
// matter how far the process reads ahead, or what it writes before it reads.
func (f *Filter) pump(ctx context.Context) {
	p := f.p
	fds := [5]unix.PollFd{
		onExit: {Fd: int32(p.exit), Events: unix.POLLIN},
		onBell: {Fd: int32(f.slot.bell[0]), Events: unix.POLLIN},
		onOut:  {Events: unix.POLLIN},
		onErr:  {Events: unix.POLLIN},
	}
	now := time.Now()
	for p.exited.IsZero() || p.out != none || p.err != none {
		f.feed(now)
		fds[onIn] = unix.PollFd{Fd: int32(p.in)} // for POLLERR, when nobody reads it any more
		if len(f.rest) > 0 {
			fds[onIn].Events = unix.POLLOUT
		}
		fds[onOut].Fd, fds[onErr].Fd = int32(p.out), int32(p.err)
		patience := f.patience(now)
		if f.stalled && !p.ending {
			fds[onOut].Fd = none
		} else if f.trickle {
			// Let answers gather: there are as many again to come.
			f.trickle = false
			fds[onOut].Fd, patience = none, 1
		}
		if f.yield {
			f.yield = false
			runtime.Gosched()
		}
		poll(fds[:], patience)
		now = time.Now()
		if fds[onBell].Revents != 0 {
			f.slot.quiet()
			f.rung(now)
		}
		if err := ctx.Err(); err != nil && !p.ending {
			p.cancelled = err
			p.end(0, "")
		}
		if fds[onIn].Revents&unix.POLLERR != 0 {
			f.closeInput(now)
		}
		if fds[onErr].Revents != 0 {
			f.readErrs() // before the answers, that it goes with them
		}
		if fds[onOut].Revents != 0 {
			f.read(now)
		}
		if fds[onExit].Revents != 0 {
			p.left()
			fds[onExit].Fd, fds[onExit].Revents = none, 0
		}
		f.onTime(now)
	}
}

// rung asks again for what there was not.
func (f *Filter) rung(now time.Time) {
	if f.stalled {
		f.since, f.moved = now, now // until now it was us who kept it waiting
	}
	f.hungry, f.stalled = false, false
}

// feed writes what there is for stdin, as far as it is taken.
func (f *Filter) feed(now time.Time) {
	for p := f.p; p.in != none && !p.ending; {
		if len(f.rest) == 0 && !f.take(now) {
			return
		}
		n, err := syscall.Write(p.in, f.rest)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return
		case err != nil:
			f.closeInput(now)
			return
		}
		f.moved = now
		f.written += n
		if f.rest = f.rest[n:]; len(f.rest) > 0 {
			return // it is full
		}
	}
}

// take gets more records, as far as the process may have more.
func (f *Filter) take(now time.Time) bool {
	limit := f.pace.limit(now)
	if f.hungry || f.owed >= limit {
		return false
	}
	records, n, last := f.work.Take(max(limit-f.owed, limit/2)) // not in driblets
	if n == 0 {
		f.hungry = true
		if last {
			f.closeInput(now)
		}
		return false
	}
	if f.owed == 0 {
		f.since = now
	}
	f.owed += n
	f.rest = records
	return true
}

// closeInput lets the process come to its end.
func (f *Filter) closeInput(now time.Time) {
	f.p.closeInput()
	f.rest = nil
	f.moved = now
}

// read takes what there is of the answers, about as much as a pipe holds at most.
func (f *Filter) read(now time.Time) {
	for range 4 {
		if !f.readOnce(now) {
			return
		}
	}
}

// readOnce tells whether there may be more.
func (f *Filter) readOnce(now time.Time) bool {
	p := f.p
	room := f.slot.buf
	if !p.ending {
		if room = f.work.Room(); room == nil {
			f.stalled = true
			return false
		}
	}
	n, err := syscall.Read(p.out, room)
	switch {
	case err == syscall.EINTR || err == syscall.EAGAIN:
	case n <= 0:
		_ = syscall.Close(p.out)
		p.out = none
		f.moved = now
	case !p.ending:
		f.moved, f.spoke = now, now
		if answered := f.work.Read(n); answered > 0 {
			f.owed -= answered
			f.since = now
			f.pace.answered(now, answered)
			f.trickle = n < len(room)/4 && f.pace.flows(f.owed)
		}
	}
	return n == len(room)
}

// readErrs takes once what there is of stderr, and keeps the latest of it.
func (f *Filter) readErrs() {
	p := f.p
	n, err := syscall.Read(p.err, f.slot.buf)
	if err == syscall.EINTR || err == syscall.EAGAIN {
		return
	}
	if n <= 0 {
		_ = syscall.Close(p.err)
		p.err = none
		return
	}
	f.errs = append(f.errs, f.slot.buf[:n]...)
	if over := len(f.errs) - lastWords; over > 0 {
		f.errs = append(f.errs[:0], f.errs[over:]...)
	}
}

// lastLine is where the last whole line of b ends.
func lastLine(b []byte) int { return bytes.LastIndexByte(b, '\n') + 1 }
