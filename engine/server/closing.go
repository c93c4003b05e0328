package server

import (
	"github.com/jobpipe/jobpipe/engine/live"
)

// mostCauses is how many causes of failures a closing names.
const mostCauses = 3

// Closing is how the run went, once it is over; nil when nobody may watch.
func (s *Server) Closing() *live.Closing { return s.closing }

// conclude takes down how the run went, when nothing is left to be done.
func (s *Server) conclude() {
	w := s.watched
	if w == nil {
		return
	}
	now, c := s.now(), &s.Counts
	for _, p := range s.known() {
		s.laneEnd(p)
	}
	s.closing = &live.Closing{
		Took: now,
		Done: c.Done.Load() - s.pastDone, Failed: c.Failed.Load() - s.pastFailed,
		Left: c.Read.Load() - c.Done.Load(), Retried: s.retried, Causes: w.causes.Most(mostCauses),
		Joined: w.joined, Workers: w.crew.Gone(), All: w.lane.Total(),
		Brakes: w.brakes.Shares(now, w.lane.Total(), w.here),
	}
}

// brake notes what holds the run up from now on.
func (s *Server) brake() {
	if s.watched != nil && s.closing == nil {
		s.watched.brakes.Stand(s.now(), s.watched.lane, s.freeFor())
	}
}

// freeFor is what slots without a job wait for.
func (s *Server) freeFor() live.Brake {
	waiting := s.sched.Waiting()
	_, byRate := s.sched.Due()
	switch {
	case s.eof && s.sched.Done(), !s.eof && (s.full() || s.Writer.SpillErr() != nil):
		return live.Stdout
	case byRate:
		return live.Rate
	case waiting == 0 && !s.eof:
		return live.Input
	case waiting == 0:
		return live.Last
	case len(s.peers) == 0:
		return live.Absent
	}
	return live.Working // in the slots that these jobs are for
}
