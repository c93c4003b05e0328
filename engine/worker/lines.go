package worker

import (
	"bytes"
	"context"
	"time"

	"github.com/jobpipe/jobpipe/engine/command"
)

// handed is a run of jobs that a process has and has not answered.
type handed struct{ seq, count, attempt uint64 }

// lines is a slot in line mode: it takes ranges off the queue for its process,
// and cuts what the process prints into answers to them. The slot's goroutine
// owns it; the link's mutex guards what is said so.
type lines struct {
	*link
	filter *command.Filter
	taken  leased // whose bytes are being written

	mem       *chunk // where answers are read
	from, end int    // of mem: the beginning of a line
	long      int64  // bytes of that line in parts that have gone

	given   []handed           // oldest first; written with the mutex held
	since   time.Time          // the process has been at the oldest of them
	cancel  context.CancelFunc // ends the process; the mutex guards it
	stopped bool               // starts no process; the mutex guards it
	listed  bool               // in link.hungry; the mutex guards it

	depth   int      // jobs that a process should have at a time; the mutex guards it
	stretch int      // bytes of answers in a chunk
	cuts    []answer // of what was read last
	silent  int      // processes that ended without an answer, in a row
}

// lineSlot is slot in line mode.
func (l *link) lineSlot(n int) (work, end func(), err error) {
	f, err := l.cfg.Command.Filter(n + 1)
	if err != nil {
		return nil, nil, err
	}
	// Half of the window, lest an answer waits for all others to be acknowledged.
	stretch := int(min(stretchSize, max(1, l.results.window/2)))
	s := &lines{link: l, filter: f, cancel: func() {}, stretch: stretch}
	l.lines = append(l.lines, s)
	return s.work, f.Close, nil
}

// work keeps a process of the command until the link is over.
func (s *lines) work() {
	for {
		ctx, ok := s.ready()
		if !ok {
			return
		}
		r, err := s.filter.Run(ctx, s, runName(s.welcome), s.welcome.Timeout)
		if err == nil && s.cfg.swept(&r) {
			err = errSwept
		}
		s.ended(r, err)
	}
}

// ready waits until there are jobs.
func (s *lines) ready() (context.Context, bool) {
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.mayStart() {
		if l.retired || l.ended {
			return nil, false
		}
		l.work.Wait()
	}
	if l.retired || l.ended || s.stopped {
		return nil, false
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	return ctx, true
}

// Take gives the process at most n jobs, and leaves idle slots their share.
func (s *lines) Take(n int) (records []byte, count int, last bool) {
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	s.taken.free()
	if l.retired || l.ended {
		return nil, 0, true
	}
	if !l.mayStart() {
		s.await()
		return nil, 0, false
	}
	s.sated()
	takers := l.cfg.Slots - l.busy
	if len(s.given) > 0 {
		takers++
	}
	share := (l.queue.jobs + takers - 1) / takers
	s.taken = l.queue.takeSome(l.welcome.Delim, min(n, share))
	t := &s.taken
	if len(s.given) == 0 {
		s.since = time.Now()
	}
	s.give(handed{t.Seq, uint64(t.Count), t.attempt})
	if n := len(t.Data); n == 0 || t.Data[n-1] != l.welcome.Delim {
		t.Data = append(bytes.Clone(t.Data), l.welcome.Delim) // the last record of the input
	}
	return t.Data, t.Count, false
}

// Room is where the process's output is read. While too much waits to be sent,
// or to be acknowledged, it is nowhere.
func (s *lines) Room() []byte {
	size := s.stretch
	if s.mem != nil && s.end < size && (s.from == 0 || size-s.end >= size/8) {
		return s.mem.buf[s.end:size]
	}
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	full := s.mem != nil && s.from == 0 // of the beginning of one line
	if !s.mayRead() || full && len(s.given) == 0 {
		l.stalled = append(l.stalled, s)
		return nil
	}
	if full {
		part := s.part(stdoutPart, s.given[0].seq, s.mem.buf[:size])
		part.mem = s.mem
		l.answer(part)
		s.long += int64(size)
		s.from = s.end
		s.hand()
	}
	c := newChunk()
	c.refs = 1
	n := 0
	if s.mem != nil {
		n = copy(c.buf[:], s.mem.buf[s.from:s.end])
		l.results.abandon(s.mem)
	}
	s.mem, s.from, s.end = c, 0, n
	return c.buf[n:size]
}
