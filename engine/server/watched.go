package server

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/trace"
)

// counts is what is counted of one worker, over all its connections, for those
// who watch.
type counts struct {
	done, failed   int64      // jobs answered, and attempts that failed
	received, sent int64      // bytes
	lane           *live.Lane // nil: nobody may watch
	full           bool       // it has used most of its credit, as the lane knows
	clock          trace.Clock
}

// add takes over what another has counted.
func (t *counts) add(o *counts) {
	t.received += o.received
	t.sent += o.sent
}

// watched is what is counted of all workers together while somebody may watch.
type watched struct {
	lane   *live.Lane
	took   live.Durations
	wall   int64 // when the run began, in microseconds since 1970
	causes live.Causes
	brakes live.Brakes
	joined int        // workers
	crew   live.Crew  // those of them that have left
	here   live.Total // what slots of this process did that have left
}

// sentAt is when a job was handed to a worker, for laneRan, and is to be asked for
// before the scheduler hears that it is answered.
func (s *Server) sentAt(p *peer, seq uint64) time.Duration {
	if s.watched == nil {
		return 0
	}
	sent, _ := s.sched.Since(p.id, seq)
	return sent
}

// laneJoin begins the lane of a worker that is new, and laneEnd ends it: before the
// scheduler forgets what the worker has.
func (s *Server) laneJoin(p *peer) {
	if s.watched != nil {
		s.watched.joined++
		p.counts.lane = live.NewLane(s.now(), int(p.Hello.Slots), s.watched.lane)
	}
}

func (s *Server) laneEnd(p *peer) {
	l, w := p.counts.lane, s.watched
	if l == nil || s.closing != nil {
		return
	}
	now := s.now()
	_, slots := s.sched.Load(p.id)
	for lease := range s.sched.Leases(p.id) {
		l.Ended(now, min(lease.Count, slots), lease.Since)
		slots -= min(lease.Count, slots)
	}
	l.Leave(now)
	if p.Addr == "" {
		w.here.Add(l.Total())
	}
	w.crew.Left(live.Share{Name: p.Hello.Name, Done: p.counts.done, Total: l.Total()})
}

// laneCancelled tells that a job of a worker is settled by another.
func (s *Server) laneCancelled(p *peer, seq uint64) {
	if l := p.counts.lane; l != nil {
		l.Ended(s.now(), 1, s.sentAt(p, seq))
	}
}

// laneCredit looks whether the worker may send more results.
func (s *Server) laneCredit(p *peer) {
	if full := p.used > p.window/2; full != p.counts.full && p.counts.lane != nil {
		p.counts.full = full
		p.counts.lane.Blocked(s.now(), full)
	}
}

func (s *Server) laneSlots(p *peer) {
	if p.counts.lane != nil {
		_, slots := s.sched.Load(p.id)
		p.counts.lane.Slots(s.now(), slots)
	}
}

func (s *Server) laneSent(p *peer, n int) {
	if p.counts.lane != nil {
		p.counts.lane.Sent(s.now(), n)
	}
}

func (s *Server) laneReturned(p *peer, n int) {
	if p.counts.lane != nil {
		p.counts.lane.Returned(s.now(), n)
	}
}

// laneRan tells that a worker has answered jobs, and when it says they ran.
func (s *Server) laneRan(p *peer, sent time.Duration, n int, start, took uint64) {
	if p.counts.lane == nil || n == 0 {
		return
	}
	now := s.now()
	a := trace.Answer{Start: start, Took: took}
	from, to := p.counts.clock.Ran(&a, s.watched.wall, sent.Microseconds(), now.Microseconds())
	began, ended := time.Duration(from)*time.Microsecond, time.Duration(to)*time.Microsecond
	p.counts.lane.Answered(now, n, sent, began, ended)
	s.watched.took.Add((ended-began)/time.Duration(n), n)
}
