package order

// Results that come in parts may hold each other up: together they fill memory,
// none is whole, and the temporary file takes no more. Then one of them has to
// come before all others, and its credit returns at once.

// Stuck reports that there is such a need. An idle executor has nothing to catch up
// with: past the budget that is so only when the temporary file takes no more.
func (s *Stage) Stuck() bool {
	return s.Memory() > s.budget && (s.awaited != 0 || s.Idle() && s.owing)
}

// Await chooses the job whose result is to come first, though there is no room for
// those of others, and returns it. In input order it is first, the first job that
// any worker has: the next to be written, or if nobody has that, one whose worker
// may have no place for it before. In completion order it is the first job of which
// there is a part.
func (s *Stage) Await(first uint64) uint64 {
	if !s.keep && len(s.holds) > 0 {
		first = s.holds[0].seq
		for _, h := range s.holds {
			first = min(first, h.seq)
		}
	}
	s.awaited = first
	for _, h := range s.holds {
		if h.seq == first && s.mayGrow(h) {
			s.pay(h)
		}
	}
	return first
}

// payAll makes due what is owed for parts.
func (s *Stage) payAll() {
	if s.owing {
		for _, h := range s.holds {
			s.pay(h)
		}
		s.owing = false
	}
}

// Awaited returns the job whose result is to come first; 0: none.
func (s *Stage) Awaited() uint64 { return s.awaited }

// mayGrow reports whether more may come of the result that comes first: as much
// as the others have together. What is still larger has to wait for the disk.
func (s *Stage) mayGrow(h *Hold) bool {
	return h.size <= s.budget || s.Memory() <= 2*s.budget
}
