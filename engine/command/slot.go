package command

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lastWords is how much is kept of the stderr of a job that was ended.
const lastWords = 64 << 10

// A Job is one record to be run.
type Job struct {
	Run     string // JOBPIPE_RUN
	Seq     uint64 // JOBPIPE_SEQ
	Attempt uint64 // JOBPIPE_ATTEMPT
	Record  []byte // with its delimiter; read until Run returns
	Delim   byte
	Timeout time.Duration // 0: none

	// Lasts, where there is one, is called by Run's goroutine when the job is
	// not over within headStart.
	Lasts func()
}

// An Outcome is how a job ended. The values are those of the wire.
type Outcome uint8

// The ways a job ends.
const (
	Exited     Outcome = iota // by itself: Code is the exit status
	Signaled                  // by a signal: Code is its number
	TimedOut                  // by us, after Timeout
	TooLarge                  // by us, having printed more than may be kept
	Unrunnable                // no process can be given this record, or in line mode none answered it
)

// A Result is what became of a job. Its spools are the caller's to close.
type Result struct {
	Outcome        Outcome
	Code           int
	Note           string // why, where the outcome alone does not say it
	Start          time.Time
	Took           time.Duration
	Stdout, Stderr Spool // of a job that was ended, stdout is not kept
}

// A Slot runs one job at a time. One goroutine owns it; its buffers and its
// environment serve job after job.
type Slot struct {
	c     *Command
	env   []string // the last ones are those of the job
	fixed int      // how many of env are the same for all jobs
	buf   []byte   // where output is read

	bell   [2]int // pipe: a byte in it wakes the poll, to look at the context
	mu     sync.Mutex
	closed bool // the bell is gone
}

// Slot makes slot number n, counted from 1.
func (c *Command) Slot(n int) (*Slot, error) {
	s := &Slot{c: c, buf: make([]byte, readSize)}
	if err := pipe(&s.bell); err != nil {
		return nil, c.startError(err)
	}
	// A full pipe has rung already.
	_ = syscall.SetNonblock(s.bell[0], true)
	_ = syscall.SetNonblock(s.bell[1], true)
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "JOBPIPE_KEY_FILE", "JOBPIPE_RUN", "JOBPIPE_SEQ", "JOBPIPE_ATTEMPT", "JOBPIPE_SLOT", "JOBPIPE_WORKER":
		default:
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "JOBPIPE_SLOT="+strconv.Itoa(n), "JOBPIPE_WORKER="+c.opt.Worker)
	s.fixed = len(s.env)
	processors.change(+1)
	return s, nil
}

// Close frees the slot's descriptors. No job may be running.
func (s *Slot) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	processors.change(-1)
	_ = syscall.Close(s.bell[0])
	_ = syscall.Close(s.bell[1])
}

// ring wakes the poll. The context's goroutine calls it, perhaps late.
func (s *Slot) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		_, _ = syscall.Write(s.bell[1], []byte{0})
	}
}

// Run runs a job to its end. When ctx is cancelled the job's group is ended
// and the error is that of ctx; other errors are ErrCannotRun and
// ErrNotStarted. In all three cases there is no result.
func (s *Slot) Run(ctx context.Context, j Job) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	began := time.Now()
	unrunnable := func(note string) (Result, error) {
		return Result{Outcome: Unrunnable, Note: note, Start: began}, nil
	}
	argv, stdin := s.c.arguments(j)
	if s.c.inArgs && bytes.IndexByte(j.Record[:max(0, len(j.Record)-1)], 0) >= 0 {
		return unrunnable("the record holds a NUL byte, which no argument can; without {} it goes to stdin")
	}
	s.env = append(s.env[:s.fixed], "JOBPIPE_RUN="+j.Run,
		"JOBPIPE_SEQ="+strconv.FormatUint(j.Seq, 10),
		"JOBPIPE_ATTEMPT="+strconv.FormatUint(j.Attempt, 10))

	p, err := s.start(argv, stdin)
	if err == syscall.E2BIG && s.c.inArgs {
		return unrunnable(fmt.Sprintf("the record of %d bytes is too long for an argument; without {} it goes to stdin", len(j.Record)))
	}
	if err != nil {
		return Result{}, s.c.startError(err)
	}
	if j.Timeout > 0 {
		p.term = began.Add(j.Timeout)
	}
	unring := context.AfterFunc(ctx, s.ring)
	p.pump(ctx, j.Lasts)
	unring()
	status := p.reap()
	if p.cancelled != nil {
		p.stdout.Close()
		p.stderr.Close()
		return Result{}, p.cancelled
	}
	if p.ending {
		p.stdout.Close()
		p.stderr.cut(lastWords)
	}
	r := p.result(began, status)
	r.Stdout, r.Stderr = p.stdout, p.stderr
	return r, nil
}

// quiet empties the bell.
func (s *Slot) quiet() {
	var b [16]byte
	for {
		if n, err := unix.Read(s.bell[0], b[:]); n < len(b) && err != unix.EINTR {
			return
		}
	}
}
