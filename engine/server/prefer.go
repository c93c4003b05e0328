package server

import "github.com/jobpipe/jobpipe/codec"

// preferCredit is what a worker may have under way, besides its window, of the
// result that is asked for before all others: a frame, and one that is being made.
const preferCredit = 128 << 10

// prefer asks for a result before all others, where they hold each other up: who
// has its job may have spent all credit on those. Who has it may change: that is
// looked at with the clock.
func (s *Server) prefer(ticked bool) {
	if !s.Stage.Stuck() || s.Stage.Awaited() != 0 && !ticked {
		return
	}
	seq := s.Stage.Await(s.sched.First())
	for _, p := range s.peers {
		if _, has := s.sched.Since(p.id, seq); has && p.preferred != seq {
			p.preferred = seq
			s.enlarge(p, preferCredit)
			s.head = codec.AppendPrefer(s.head[:0], codec.Prefer{Seq: seq, Credit: preferCredit})
			s.put(p, codec.TypePrefer, s.head)
		}
	}
}

// unprefer notes that the worker has none of these jobs any more, or nothing to
// send of them.
func (p *peer) unprefer(seq, count uint64) {
	if p.preferred-seq < count {
		p.preferred = 0
	}
}
