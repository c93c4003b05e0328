package worker

import (
	"bytes"
	"fmt"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/command"
)

// Read takes the answers in what was read.
func (s *lines) Read(n int) (answered int) {
	i := batch.LastIndex(s.mem.buf[s.end:s.end+n], s.welcome.Delim)
	to := s.end + i + 1
	s.end += n
	if i >= 0 {
		whole := s.mem.buf[s.from:to]
		s.from = to
		answered = s.settle(whole)
	}
	if most := s.filter.MaxResult(); most > 0 && s.long+int64(s.end-s.from) > most {
		s.tooLarge(most)
	}
	return answered
}

// settle hands over whole lines: the answers to the oldest jobs.
func (s *lines) settle(whole []byte) (answered int) {
	whole = s.within(whole)
	rest := s.cut(whole)
	if len(rest) > 0 {
		s.surplus()
	}
	for i := range s.cuts {
		answered += int(s.cuts[i].count)
	}
	if answered == 0 {
		return 0
	}
	if text := s.filter.Stderr(); len(text) > 0 {
		s.annotate(text)
	}
	s.clock()
	s.silent = 0
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range s.cuts {
		l.answer(s.cuts[i])
	}
	s.forget(uint64(answered))
	l.pause = 0
	if s.from == s.end && len(s.given) == 0 {
		l.results.abandon(s.mem) // idle slots hold no memory
		s.mem = nil
	}
	l.rested()
	l.work.Broadcast()
	l.ringSlots()
	if !s.sendNow() {
		s.hand()
	}
	return answered
}

// clock notes when the answers were made: since the ones before them, or since
// the process has had the first of them.
func (s *lines) clock() {
	from, to := s.since, time.Now()
	for i := range s.cuts {
		s.cuts[i].from, s.cuts[i].to = from, to
		if r := s.cuts[i].result; r != nil {
			r.Start, r.Took = wireTimes(from, to.Sub(from))
		}
	}
	s.since = to
}

// within returns the lines before the first that is larger than may be.
func (s *lines) within(b []byte) []byte {
	most := s.filter.MaxResult()
	if most == 0 || s.long+int64(len(b)) <= most {
		return b
	}
	begun := s.long
	for at := 0; at < len(b); {
		n := bytes.IndexByte(b[at:], s.welcome.Delim) + 1
		if begun+int64(n) > most {
			s.tooLarge(most)
			return b[:at]
		}
		begun = 0
		at += n
	}
	return b
}

func (s *lines) tooLarge(most int64) {
	s.filter.End(command.TooLarge, fmt.Sprintf("it printed more than %d bytes", most))
}

// cut makes answers of whole lines: one for each run of jobs. It returns the
// lines for which there is no job.
func (s *lines) cut(whole []byte) (rest []byte) {
	s.cuts = s.cuts[:0]
	delim := s.welcome.Delim
	for i, g := range s.given {
		if i == 0 && s.long > 0 && len(whole) > 0 {
			n := bytes.IndexByte(whole, delim) + 1
			s.cuts = append(s.cuts, s.last(g.seq, whole[:n]))
			whole = whole[n:]
			g.seq++
			g.count--
		}
		if len(whole) == 0 {
			break
		}
		if g.count > 0 {
			n, size := leading(whole, delim, g.count)
			s.cuts = append(s.cuts, answer{kind: wholeLines, seq: g.seq, count: n, attempt: g.attempt, data: whole[:size], mem: s.mem})
			whole = whole[size:]
		}
	}
	return whole
}

// uncut takes the last answer off the cuts, and returns it and its job.
func (s *lines) uncut() (seq uint64, line []byte) {
	c := &s.cuts[len(s.cuts)-1]
	c.count--
	at := 0
	if c.count > 0 {
		at = batch.LastIndex(c.data[:len(c.data)-1], s.welcome.Delim) + 1
	}
	seq, line = c.seq+c.count, c.data[at:]
	c.data = c.data[:at]
	if c.count == 0 {
		s.cuts = s.cuts[:len(s.cuts)-1]
	}
	return seq, line
}

// last is the end of what there is of one job.
func (s *lines) last(seq uint64, line []byte) answer {
	a := s.part(lastOfJob, seq, line)
	a.count, a.mem = 1, s.mem
	return a
}

// part is a piece of what there is of one job.
func (s *lines) part(k kind, seq uint64, data []byte) answer {
	var attempt uint64
	for _, g := range s.given {
		if seq-g.seq < g.count {
			attempt = g.attempt
		}
	}
	return answer{kind: k, seq: seq, attempt: attempt, data: data, result: &codec.Result{Seq: seq, Attempt: attempt}}
}

// annotate sends stderr along with the last answer.
func (s *lines) annotate(text []byte) {
	seq, line := s.uncut()
	s.cuts = append(s.stderr(s.cuts, seq, text), s.last(seq, line))
}

// stderr appends text in parts, as stderr of one job.
func (s *lines) stderr(dst []answer, seq uint64, text []byte) []answer {
	for len(text) > 0 {
		n := min(len(text), s.stretch)
		dst = append(dst, s.part(stderrPart, seq, text[:n]))
		text = text[n:]
	}
	return dst
}

// surplus ends a process that printed more lines than it had jobs. Which of them
// it answered twice cannot be told; the last may be one, so it is the one that
// failed.
func (s *lines) surplus() {
	if len(s.cuts) > 0 {
		s.uncut()
	} else {
		s.tooMany()
	}
	s.filter.End(command.Unrunnable, tooMany)
}

const tooMany = "the command printed more lines than it was given"

// tooMany says that there was an answer for which there is no job, and none that
// could be charged with it. It is said once.
func (s *lines) tooMany() {
	s.excess.Do(func() { s.cfg.Log.Warnf("%s; it is started afresh", tooMany) })
}
