package worker

import (
	"bytes"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// give notes that the process has g. The link's mutex is held.
func (s *lines) give(g handed) {
	n := len(s.given)
	if n == 0 {
		s.busy++
	}
	if n > 0 && s.given[n-1].seq+s.given[n-1].count == g.seq && s.given[n-1].attempt == g.attempt {
		s.given[n-1].count += g.count
		return
	}
	s.given = append(s.given, g)
}

// forget notes that the n oldest jobs are not the process's any more. The
// link's mutex is held.
func (s *lines) forget(n uint64) {
	if n == 0 {
		return
	}
	s.long = 0
	whole := 0
	for n > 0 {
		g := &s.given[whole]
		k := min(n, g.count)
		g.seq += k
		g.count -= k
		n -= k
		if g.count == 0 {
			whole++
		}
	}
	s.given = append(s.given[:0], s.given[whole:]...)
	if len(s.given) == 0 {
		s.busy--
	}
}

// ended sees to what a process that is over leaves behind: the oldest job that
// it has not answered is charged, the others go back.
func (s *lines) ended(r command.Result, err error) {
	text, _ := r.Stderr.Bytes()
	begun := s.long > 0 || s.end > s.from
	if err == nil && r.Outcome == command.Exited && r.Code == 0 {
		switch {
		case begun && len(s.given) > 0:
			// The last line of a file may lack its end, and that of a filter too.
			s.mem.buf[s.end] = s.welcome.Delim
			s.end++
			s.settle(s.mem.buf[s.from:s.end])
		case begun:
			s.tooMany()
		}
		r.Outcome, r.Note = command.Unrunnable, "the command ended without an answer"
	}
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	s.taken.free()
	s.cancel()
	l.results.abandon(s.mem)
	s.mem, s.from, s.end = nil, 0, 0
	if err == nil && len(s.given) > 0 {
		s.hint(r.Outcome)
		s.charge(&r, text)
	} else if len(text) > 0 {
		for line := range bytes.Lines(text) {
			l.cfg.Log.Warnf("%s", bytes.TrimSuffix(line, []byte{'\n'}))
		}
	}
	var back []span
	for _, g := range s.given {
		back = append(back, span{g.seq, g.count})
	}
	if s.long > 0 && len(back) > 0 {
		l.results.withdraw(back[0].seq)
		delete(l.results.answers.torn, back[0].seq)
	}
	if len(back) > 0 {
		l.busy--
	}
	s.given, s.long = s.given[:0], 0
	s.claim()
	l.undone(back, err)
	l.wake()
}

// hint says what --lines asks of a command, when one ends again and again
// without an answer: each time costs one job and a process. It is said once.
func (s *lines) hint(why command.Outcome) {
	const enough = 3
	if why != command.TimedOut && why != command.Signaled {
		s.silent++
	}
	if s.silent == enough {
		s.hinted.Do(func() {
			s.cfg.Log.Warnf("the command ended %d times without an answer: with --lines it has to read line after line, and to answer each", enough)
		})
	}
}

// charge makes the oldest job a failed one. The link's mutex is held.
func (s *lines) charge(r *command.Result, text []byte) {
	seq := s.given[0].seq
	end := s.part(lastOfJob, seq, nil)
	end.count = 1
	end.result.Outcome, end.result.Code = codec.Outcome(r.Outcome), uint64(r.Code)
	end.result.Note = []byte(r.Note)
	end.result.Start, end.result.Took = wireTimes(s.since, time.Since(s.since))
	for _, a := range append(s.stderr(nil, seq, text), end) {
		s.answer(a)
	}
	s.forget(1)
}
