package server

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// A worker outlives its connection: one that is cut leaves the worker away, and
// its jobs are kept for it until it returns with the same session or the grace
// is over. Who returns says first what it has; until then it is given nothing,
// and whoever it was stays away.

// noSession is that of a worker that forgets everything with its connection.
var noSession [16]byte

// mayReturn reports whether jobs are to be kept for a worker whose connection
// has ended: it did not leave, and was not hung up on for what it did.
func (s *Server) mayReturn(p *peer, held int) bool {
	return s.Grace > 0 && p.Hello.Session != noSession && held > 0 &&
		s.phase == running && !p.leaving && (p.why == "" || p.silent || p.altered)
}

// goAway keeps what the worker has for it. The grace counts from its last sign
// of life, be it that of the system it ran on.
func (s *Server) goAway(p *peer) {
	p.until = s.awake + s.Grace
	if p.silent {
		p.until = p.heard + s.Grace
	}
	s.sched.Away(p.id)
	s.away = append(s.away, p)
}

// predecessor is the worker that p says it is, if that is away. The newest
// connection counts: the network may know of an end before we do.
func (s *Server) predecessor(p *peer) *peer {
	old := s.sessions[p.Hello.Session]
	if old != nil && !old.closed {
		s.part(old, errAgain)
		_ = old.conn.Close()
		old = s.sessions[p.Hello.Session] // unless there is nothing to be kept for it
	}
	if old == nil {
		return nil
	}
	if old.heir != nil {
		s.hangUp(old.heir, errAgain.Error())
	}
	old.heir = p
	return old
}

var errAgain = errors.New("it has connected again")

// How many ranges all workers that return may say they have. One alone may say
// all of them; where many return at once, each has few.
const (
	maxHeld   = 1 << 17
	leastHeld = 256
)

// held takes what a worker that returns says it has.
func (s *Server) held(p *peer, payload []byte) error {
	m, err := codec.ParseHeld(payload)
	if err != nil {
		return err
	}
	if p.was == nil || len(p.held)+len(m.Spans) > max(maxHeld/max(len(s.away), 1), leastHeld) {
		return errors.New("it says what it has without being asked, or more than it can have")
	}
	for _, h := range m.Spans {
		if max(h.Count, h.Attempt) > math.MaxInt32 {
			return fmt.Errorf("it says that it has %d jobs from %d on, as attempt %d", h.Count, h.Seq, h.Attempt)
		}
		p.held = append(p.held, schedule.Held{Seq: h.Seq, Count: int(h.Count), Attempt: int(h.Attempt)})
	}
	if !m.Last {
		return nil
	}
	slices.SortFunc(p.held, func(a, b schedule.Held) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := 1; i < len(p.held); i++ {
		if a, b := p.held[i-1], p.held[i]; b.Seq < a.Seq+uint64(a.Count) {
			return fmt.Errorf("it says twice that it has job %d", b.Seq)
		}
	}
	s.back(p)
	return nil
}

// back puts p in the place of its predecessor.
func (s *Server) back(p *peer) {
	had := s.leased(p.was)
	missing, needless := s.sched.Return(s.now(), p.was.id, p.id, int(p.Hello.Slots), p.held)
	p.first = p.was.first
	p.was.counts.add(p.counts)
	p.counts = p.was.counts
	s.laneSlots(p)
	has := had
	for _, h := range missing {
		has -= h.Count
		s.laneReturned(p, h.Count)
		s.traceReturned(p, codec.Span{Seq: h.Seq, Count: uint64(h.Count)})
	}
	s.away = slices.DeleteFunc(s.away, func(o *peer) bool { return o == p.was })
	s.sessions[p.Hello.Session] = p
	p.was, p.held = nil, nil
	for _, h := range needless {
		p.acks = append(p.acks, codec.Span{Seq: h.Seq, Count: uint64(h.Count)})
	}
	s.payAcks(p)
	s.Log.Info("worker back", p.attrs("jobs", has, "had", had)...)
}

// leased is how many jobs a worker holds.
func (s *Server) leased(p *peer) (n int) {
	for _, r := range s.sched.Held(p.id) {
		n += r.Count
	}
	return n
}

// lookAway gives up the workers whose grace is over.
func (s *Server) lookAway(now time.Duration) {
	over := func(p *peer) bool { return s.awake >= p.until }
	for _, p := range s.away {
		if !over(p) {
			continue
		}
		delete(s.sessions, p.Hello.Session)
		if p.heir != nil {
			s.hangUp(p.heir, "it has not said in time what it has")
		}
		held := s.leased(p)
		s.Log.Warn("worker not back", fmt.Sprintf("worker %s has not come back within %v%s", p.name(), s.Grace, goElsewhere(held)),
			p.attrs("grace", s.Grace, "jobs", held, s.noun()+"s", s.spans(p))...)
		s.laneEnd(p)
		s.sched.Leave(now, p.id)
		s.traceLeave(p)
		s.Kick()
	}
	s.away = slices.DeleteFunc(s.away, over)
}
