package command

import (
	"context"
	"fmt"
	"time"
)

// Work is where the records of a Filter come from and its answers go. The
// goroutine in Run calls it, and no method may wait: what is not there now is
// asked for again after Ring.
type Work interface {
	// Take hands out at most n records, each with its delimiter: their bytes,
	// valid until the next Take, and how many they are. None is: none now, or
	// with last, no more at all.
	Take(n int) (records []byte, count int, last bool)
	// Room is where to read what the command prints; nil: nowhere now.
	Room() []byte
	// Read takes the first n bytes of Room, and tells how many more records
	// are answered.
	Read(n int) (answered int)
}

// A Filter keeps a process of the command that gets many records on its stdin,
// one after another, and answers them in the same order on its stdout. One
// goroutine owns it.
//
// A command may write its answers when it likes: one that collects them is
// found waiting for input while it owes some. Where there is more for it, it
// gets more than before; where there is not, its stdin is closed, and at the
// end of the input it gives what it has. That is all it costs to be wrong about
// a command: to close the stdin of a filter loses no answer, it takes a fresh
// process for the records to come. A command that works, however slowly, is not
// taken for one that waits.
type Filter struct {
	slot  *Slot
	pace  pace          // how many records may be owed
	doubt time.Duration // before it is taken to wait, where that is not certain
	talk
}

// A talk is what goes on with one process.
type talk struct {
	p       *process
	work    Work
	timeout time.Duration
	rest    []byte    // what stdin has not taken yet of what was taken
	owed    int       // records taken and not answered
	hungry  bool      // nothing was there to take
	stalled bool      // there was no room to read into
	trickle bool      // answers come fast, and few at a time
	yield   bool      // something was handed over
	began   time.Time // when the process was started
	moved   time.Time // when it last took or gave something
	since   time.Time // when the oldest record owed became it
	spoke   time.Time // when it last printed something
	written int       // bytes that its stdin took
	look    lookout
	closed  closing
	errs    []byte // stderr that went with no answer yet
}

// Filter makes slot number n, counted from 1.
func (c *Command) Filter(n int) (*Filter, error) {
	if c.inArgs {
		return nil, fmt.Errorf("%w %s: {} stands for one record, and a command that answers line by line gets them all on its stdin", ErrCannotRun, c.argv[0])
	}
	s, err := c.Slot(n)
	if err != nil {
		return nil, err
	}
	return &Filter{slot: s, doubt: firstDoubt}, nil
}

// Close frees the filter's descriptors. It may not be running.
func (f *Filter) Close() { f.slot.Close() }

// Ring makes a running filter ask again for work and for room. It may be called
// from any goroutine.
func (f *Filter) Ring() { f.slot.ring() }

// Yield lets another goroutine go on with what was handed over to it, before this
// thread may sleep. Only Work.Read and Work.Room call it.
func (f *Filter) Yield() { f.yield = true }

// MaxResult is the largest answer in bytes; 0: any.
func (f *Filter) MaxResult() int64 { return f.slot.c.opt.MaxResult }

// Depth is how many records the process should have at a time. It is more than
// one for a command that collects its answers: the more it gets before its stdin
// has to be closed, the rarer it has to be started.
func (f *Filter) Depth() int { return max(1, f.pace.least) }

// Stderr takes what the process printed there since the last call, whole lines
// and at most the latest 64 KiB. Only Work.Read calls it.
func (f *Filter) Stderr() []byte {
	n := lastLine(f.errs)
	if n == 0 {
		return nil
	}
	text := f.errs[:n:n]
	f.errs = append([]byte(nil), f.errs[n:]...)
	return text
}

// End ends the process because of what it printed. Only Work.Read calls it.
func (f *Filter) End(why Outcome, note string) { f.p.end(why, note) }

// Run starts the command and has it answer until the process is over; then the
// records that are still owed are the caller's again. The Result says how it
// ended, and holds what stderr was left over. Errors are as those of Slot.Run.
func (f *Filter) Run(ctx context.Context, w Work, run string, timeout time.Duration) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	began := time.Now()
	f.talk = talk{work: w, timeout: timeout, began: began, moved: began, look: lookout{pause: firstLook}}
	f.pace = pace{first: f.pace.least, least: f.pace.least}
	f.slot.env = append(f.slot.env[:f.slot.fixed], "JOBPIPE_RUN="+run)
	p, err := f.start()
	if err != nil {
		return Result{}, f.slot.c.startError(err)
	}
	f.p = p
	unring := context.AfterFunc(ctx, f.slot.ring)
	f.pump(ctx)
	unring()
	status := p.reap()
	f.learn(time.Now())
	if p.cancelled != nil {
		return Result{}, p.cancelled
	}
	r := p.result(began, status)
	r.Stderr = Spool{mem: f.errs, size: int64(len(f.errs))}
	f.errs = nil
	return r, nil
}
