package server

import (
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/halt"
)

// phase is how far the run's end has come.
type phase int

const (
	running phase = iota
	ending        // everyone was told that the run is over
	ended
)

// Orders to end early, the most urgent last.
const (
	Drain int32 = iota + 1 // hand out no more, finish what runs, write it
	Halt                   // stop at once
)

// byePatience is how long workers are waited for once they were told that the
// run is over: what is on its way to one that is closed earlier is lost.
const byePatience = 2 * time.Second

// Stop ends the run before its time. It may be called from any goroutine.
func (s *Server) Stop(order int32) {
	for {
		old := s.order.Load()
		if old >= order || s.order.CompareAndSwap(old, order) {
			break
		}
	}
	s.Kick()
}

// end sees whether the run is over, and to what is left to be done then.
func (s *Server) end() {
	switch s.phase {
	case running:
		s.halt()
		order := s.order.Load()
		if s.Writer.Err() != nil {
			order = Halt // nobody takes the results
		}
		if order >= Drain && !s.stopped {
			s.stopped, s.eof = true, true
			s.sched.Stop()
			s.Kick() // for the dispatch that asks back what has not started
			return
		}
		if order < Halt && !s.written() {
			return
		}
		if s.Counts.Halted.Load() { // whoever halts now wants what is there
			s.rest()
		}
		s.phase = ending
		s.conclude()
		s.deadline = s.now() + s.bye
		s.acknowledge(true)
		for _, p := range s.peers {
			s.tellOver(p)
		}
		s.flush()
		fallthrough
	case ending:
		if len(s.peers) == 0 || s.now() > s.deadline {
			s.phase = ended
			s.alarm.Stop()
			close(s.over)
		}
	}
}

// halt stops the run when what --halt waits for has happened. It is noted where
// jobs are left out for that. What earlier runs did is not counted: it would halt
// the run that goes on before it has done anything.
func (s *Server) halt() {
	c := &s.Counts
	t := halt.Tally{
		Done: c.Done.Load() - s.pastDone, Failed: c.Failed.Load() - s.pastFailed,
		Read: c.Read.Load() - s.pastDone, Ended: c.Ended.Load(),
	}
	if s.stopped || t.Ended && t.Done == t.Read || !s.Halt.Reached(t) {
		return
	}
	c.Halted.Store(true)
	s.Log.Info("halting", "when", s.Halt, "done", t.Done, "failed", t.Failed)
	if s.Halt.Now() {
		s.Stop(Halt)
	} else {
		s.Stop(Drain)
	}
}

// written reports whether every job is settled and every result written.
func (s *Server) written() bool {
	if !s.eof || !s.sched.Done() {
		return false
	}
	if s.stopped {
		s.rest()
	}
	return s.Stage.Empty()
}

// rest writes the results that wait for jobs before them, which will have none.
// With a journal these jobs are run when the run goes on, and what waits for
// them has to be behind them: it is forgotten, and run again, too.
func (s *Server) rest() {
	if s.Journal == nil {
		s.Stage.Rest()
	} else {
		s.Stage.Forget()
	}
	s.submit()
}

// tellOver tells a worker that the run is over.
func (s *Server) tellOver(p *peer) {
	how := codec.OverDone
	if s.order.Load() >= Halt || s.Writer.Err() != nil {
		how = codec.OverStop
	}
	p.leaving = true
	s.head = codec.AppendOver(s.head[:0], codec.Over{How: how})
	s.put(p, codec.TypeOver, s.head)
}
