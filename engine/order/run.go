package order

import (
	"fmt"
	"math"
	"slices"
)

// A run is the held output of the jobs [first, next). Runs never touch: what
// is contiguous is one run, so that there are few behind one slow job.
type run struct {
	first, next uint64
	rope
}

// place returns the index of the first held run behind the jobs of r. A job
// that was emitted before is a fault of the scheduler, which settles each job
// once, and to go on would print it twice.
func (s *Stage) place(r Receipt) int {
	lo, hi := 0, len(s.runs)
	for lo < hi {
		mid := (lo + hi) / 2
		if s.runs[mid].first <= r.Seq {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	switch {
	case r.Seq < s.frontier:
		panic(fmt.Sprintf("order: job %d was emitted twice: all before %d are written", r.Seq, s.frontier))
	case lo > 0 && s.runs[lo-1].next > r.Seq:
		panic(fmt.Sprintf("order: job %d was emitted twice: it is held", r.Seq))
	case lo < len(s.runs) && s.runs[lo].first < r.Seq+uint64(r.Count):
		panic(fmt.Sprintf("order: job %d was emitted twice: it is held", s.runs[lo].first))
	}
	return lo
}

// reserve returns the index of the run that ends with the jobs of r, to which
// their output is to be added: the one it continues, or a new one at i.
func (s *Stage) reserve(r Receipt, i int) int {
	next := r.Seq + uint64(r.Count)
	if i > 0 && s.runs[i-1].next == r.Seq {
		s.runs[i-1].next = next
		return i - 1
	}
	n := s.pool.getRun()
	n.first, n.next = r.Seq, next
	s.runs = slices.Insert(s.runs, i, n)
	return i
}

// fuse joins the run at i with the one behind it where they touch.
func (s *Stage) fuse(i int) {
	if i+1 == len(s.runs) || s.runs[i].next != s.runs[i+1].first {
		return
	}
	behind := s.runs[i+1]
	s.runs[i].next = behind.next
	s.join(&s.runs[i].rope, &behind.rope)
	s.runs = slices.Delete(s.runs, i+1, i+2)
	s.pool.putRun(behind)
}

// advance moves the frontier past n jobs that were just written, and begins to
// write the run it reaches. There is one at most, since runs never touch.
func (s *Stage) advance(n int) {
	s.frontier += uint64(n)
	s.mark()
	s.writeRun(s.mostOps)
}

// mostOps is how many operations are made of a run at a time: it may be in as many
// pieces as there are results.
const mostOps = 512

// Behind reports that the run at the frontier is being written, and that there is
// more to carry out of it when what was handed out is done. What continues it
// becomes part of it.
func (s *Stage) Behind() bool { return len(s.runs) > 0 && s.runs[0].first == s.frontier }

// writeRun makes operations of that run, until there are most.
func (s *Stage) writeRun(most int) {
	if !s.Behind() {
		return
	}
	r := s.runs[0]
	for r.head != nil {
		if len(s.ops)+s.flying >= most {
			return
		}
		s.releasePiece(&r.rope, Stdout)
	}
	s.runs = slices.Delete(s.runs, 0, 1)
	s.frontier = r.next
	s.pool.putRun(r)
	s.mark()
}

// Skip passes over jobs whose results were written by an earlier run. In
// completion order there is nothing to pass over.
func (s *Stage) Skip(seq uint64, count int) {
	if s.keep {
		s.Emit(Receipt{Seq: seq, Count: count}, nil)
	}
}

// Forget drops all that is held. No more jobs may be emitted: it is for a run
// that ends early, and whose jobs that were not written are run again.
func (s *Stage) Forget() {
	s.writeRun(math.MaxInt) // of which the beginning may be on its way
	for _, r := range s.runs {
		s.release(&r.rope, Free)
	}
	s.runs = nil
}

// Rest writes all that is held, in order, though jobs before it were not
// answered. No more jobs may be emitted: it is for a run that ends early.
func (s *Stage) Rest() {
	for len(s.runs) > 0 {
		s.frontier = s.runs[0].first
		s.writeRun(math.MaxInt)
	}
}
