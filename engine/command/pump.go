package command

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// readSize is what a pipe holds.
	readSize = 64 << 10
	// mostInPipe is what a process can make its pipe hold.
	mostInPipe = 1 << 20
	// headStart is how long only the exit is waited for. Most small jobs are
	// over by then, and waking once is cheaper than waking at each write and
	// close. A job that prints more than a pipe holds waits for us this long,
	// once.
	headStart = 2 * time.Millisecond
	// linger is how long a pipe that somebody else holds may stay open once
	// the job's first process has exited and the others were told to.
	linger = 100 * time.Millisecond
)

// A process is one job under way. The slot's goroutine owns it.
type process struct {
	slot   *Slot
	pid    int    // also its group's; ours until it is reaped
	line   int64  // of its group with the guard
	exit   int    // readable once the process has exited
	in     int    // our ends of its pipes
	out    int    //
	err    int    //
	record []byte // what stdin has not taken yet

	stdout, stderr Spool

	term      time.Time // when its time is out; zero: never
	kill      time.Time // when KILL is due; zero: not yet known
	ending    bool      // we have told the group to end
	outcome   Outcome   // why, or
	cancelled error     // why
	note      string
	exited    time.Time // when we saw it; zero: not yet
}

// The places in the poll set.
const (
	onExit = iota
	onBell
	onIn
	onOut
	onErr
)

// pump serves the process until it has exited and its output is read. It calls
// lasts when that is not soon.
func (p *process) pump(ctx context.Context, lasts func()) {
	fds := [5]unix.PollFd{
		onExit: {Fd: int32(p.exit), Events: unix.POLLIN},
		onBell: {Fd: int32(p.slot.bell[0]), Events: unix.POLLIN},
		onIn:   {Events: unix.POLLOUT},
		onOut:  {Events: unix.POLLIN},
		onErr:  {Events: unix.POLLIN},
	}
	set := fds[:onIn]
	if p.in != none { // it has to be fed
		set = fds[:]
		if lasts != nil {
			lasts()
		}
	}
	for p.exited.IsZero() || p.out != none || p.err != none {
		fds[onIn].Fd, fds[onOut].Fd, fds[onErr].Fd = int32(p.in), int32(p.out), int32(p.err)
		starting := len(set) < len(fds)
		poll(set, p.patience(starting))
		if starting && fds[onExit].Revents == 0 && lasts != nil {
			lasts()
		}
		set = fds[:]
		if fds[onBell].Revents != 0 {
			p.slot.quiet()
		}
		if err := ctx.Err(); err != nil && !p.ending && p.exited.IsZero() {
			p.cancelled = err
			p.end(0, "")
		}
		if fds[onIn].Revents != 0 {
			p.feed()
		}
		if fds[onOut].Revents != 0 {
			p.read(&p.out, &p.stdout, fds[onOut].Revents)
		}
		if fds[onErr].Revents != 0 {
			p.read(&p.err, &p.stderr, fds[onErr].Revents)
		}
		if fds[onExit].Revents != 0 {
			p.left()
			fds[onExit].Fd, fds[onExit].Revents = none, 0
		}
		p.onTime(time.Now())
	}
}

// poll waits for one of fds, at most patience milliseconds, and leaves the events
// in them. A signal ends it without any, and then it looks again: who was stopped
// gets SIGCHLD when it goes on, perhaps after minutes, and a job that has ended
// meanwhile did not run for all that time.
func poll(fds []unix.PollFd, patience int) {
	n, err := unix.Poll(fds, patience)
	if err == unix.EINTR {
		n, err = unix.Poll(fds, 0)
	}
	if err != nil && err != unix.EINTR {
		time.Sleep(time.Millisecond) // out of kernel memory
	}
	if n <= 0 {
		for i := range fds {
			fds[i].Revents = 0
		}
	}
}

// millis is a time that is left, or less than 0 for ever, as poll takes it: in
// milliseconds, rounded up.
func millis(left time.Duration) int {
	if left < 0 {
		return -1
	}
	return int(min((left+time.Millisecond-1)/time.Millisecond, 1<<30))
}

// patience is how many milliseconds the poll may wait: until the next thing is
// due.
func (p *process) patience(starting bool) int {
	due := p.term
	switch {
	case !p.exited.IsZero():
		due = p.exited.Add(linger)
	case p.ending:
		due = p.kill
	}
	wait := time.Duration(-1)
	if !due.IsZero() {
		wait = max(0, time.Until(due))
	}
	if starting && (wait < 0 || wait > headStart) {
		wait = headStart
	}
	return millis(wait)
}

// onTime does what is due.
func (p *process) onTime(now time.Time) {
	switch {
	case !p.exited.IsZero():
		if now.Sub(p.exited) >= linger {
			p.drain(&p.out, &p.stdout)
			p.drain(&p.err, &p.stderr)
			p.closeOutput()
		}
	case p.ending:
		if !p.kill.IsZero() && !now.Before(p.kill) {
			_ = syscall.Kill(-p.pid, syscall.SIGKILL)
			p.kill = time.Time{}
		}
	case !p.term.IsZero() && !now.Before(p.term):
		p.end(TimedOut, "")
	}
}

// end tells the group to end, whatever it is doing.
func (p *process) end(why Outcome, note string) {
	if p.ending {
		return
	}
	p.ending, p.outcome, p.note = true, why, note
	p.kill = time.Now().Add(p.slot.c.killAfter())
	_ = syscall.Kill(-p.pid, syscall.SIGTERM)
	_ = syscall.Kill(-p.pid, syscall.SIGCONT) // one that is stopped would not notice
}

// left notes that the process has exited, and tells the rest of its group that
// the job is over.
func (p *process) left() {
	p.exited = time.Now()
	_ = syscall.Close(p.exit)
	p.exit = none
	p.closeInput()
	_ = syscall.Kill(-p.pid, syscall.SIGTERM)
}

// feed writes what stdin takes. A process that does not want it is free to.
func (p *process) feed() {
	for len(p.record) > 0 {
		n, err := syscall.Write(p.in, p.record)
		if err == syscall.EINTR {
			continue
		}
		if err == syscall.EAGAIN {
			return
		}
		if err != nil {
			break
		}
		p.record = p.record[n:]
	}
	p.closeInput()
}

// read takes once what a readable pipe has.
func (p *process) read(fd *int, g *Spool, events int16) {
	n, err := syscall.Read(*fd, p.slot.buf)
	if err == syscall.EINTR || err == syscall.EAGAIN {
		return
	}
	if n > 0 && !p.ending {
		if most := p.slot.c.opt.MaxResult; most > 0 && p.stdout.size+p.stderr.size+int64(n) > most {
			p.end(TooLarge, fmt.Sprintf("it printed more than %d bytes", most))
		} else if err := g.add(p.slot.buf[:n]); err != nil {
			p.end(TooLarge, "this worker cannot keep what it printed: "+err.Error())
		}
	}
	// A pipe that was emptied and that nobody else has open is at its end.
	if n <= 0 || n < len(p.slot.buf) && events&unix.POLLHUP != 0 {
		_ = syscall.Close(*fd)
		*fd = none
	}
}

// drain takes what is in a pipe when we are late to look: what the process
// wrote before it exited is among that. Whoever still writes cannot hold us.
func (p *process) drain(fd *int, g *Spool) {
	for most := g.size + mostInPipe; *fd != none && !p.ending && g.size < most; {
		fds := [1]unix.PollFd{{Fd: int32(*fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds[:], 0); err == unix.EINTR {
			continue
		} else if n <= 0 {
			return
		}
		p.read(fd, g, fds[0].Revents)
	}
}

func (p *process) closeInput() {
	if p.in != none {
		_ = syscall.Close(p.in)
		p.in = none
	}
}

func (p *process) closeOutput() {
	for _, fd := range []*int{&p.out, &p.err} {
		if *fd != none {
			_ = syscall.Close(*fd)
			*fd = none
		}
	}
}

// result is how the process ended, of which status is what the system says. It
// must be reaped.
func (p *process) result(began time.Time, status syscall.WaitStatus) Result {
	r := Result{Start: began, Took: time.Since(began)}
	switch {
	case p.ending:
		r.Outcome, r.Note = p.outcome, p.note
	case status.Signaled():
		r.Outcome, r.Code = Signaled, int(status.Signal())
	default:
		r.Outcome, r.Code = Exited, status.ExitStatus()
	}
	return r
}

// reap frees the process id, and leaves what is left of the group to groups.
func (p *process) reap() (status syscall.WaitStatus) {
	for {
		if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	if syscall.Kill(-p.pid, 0) == nil {
		p.slot.c.groups.finish(p.pid, func() { p.slot.c.guard.remove(p.line) })
	} else {
		p.slot.c.guard.remove(p.line)
	}
	return status
}
