package schedule

import (
	"cmp"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// Near the end of a run one slow worker can keep all others waiting. With
// Config.Speculate a job that has been leased for notably longer than others
// took is then started a second time, on another worker. The first answer
// settles the job, and the other copy is cancelled. Of two copies that fail the
// second counts: until then the job has not failed.
//
// A job has two copies at most, and one more only once both came to nothing.
// One that was lost with a worker before may be what ended it, and has none.

// notably is how many times longer than usual a job has to take.
const notably = 2

// A straggler is a lease that has lasted too long.
type straggler struct {
	*worker
	lo, hi uint64
	since  time.Duration
}

// speculate starts slow jobs a second time when nothing else is left to start
// and slots are idle.
func (s *Scheduler) speculate(now time.Duration, acts []Action) []Action {
	if !s.conf.Speculate || !s.ended || s.stopped || s.took.total == 0 || s.Waiting() > 0 {
		return acts
	}
	s.pace.pass(now)
	idle := s.idlers()
	if len(idle) == 0 {
		return acts
	}
	for _, late := range s.stragglers(now) {
		for seq := late.lo; seq < late.hi; seq++ {
			at, _ := late.find(seq)
			to := slices.IndexFunc(idle, func(w *worker) bool { return w != late.worker && !late.leases[at].avoids(w.origin) })
			if to < 0 || s.pace.left() == 0 {
				break
			}
			w := idle[to]
			if acts = append(acts, s.copyTo(now, w, late.worker, at, seq)); w.jobs == w.slots {
				idle = slices.Delete(idle, to, to+1)
			}
		}
	}
	return acts
}

// idlers are the workers with a free slot, the fastest first.
func (s *Scheduler) idlers() []*worker {
	var idle []*worker
	for _, w := range s.hungry {
		if w.jobs < w.slots && !w.stuck && s.room(w) > 0 {
			idle = append(idle, w)
		}
	}
	slices.SortStableFunc(idle, func(a, b *worker) int {
		return cmp.Compare(b.rate/float64(b.slots), a.rate/float64(a.slots))
	})
	return idle
}

// stragglers are the leases to be copied, the oldest first.
func (s *Scheduler) stragglers(now time.Duration) []straggler {
	var found []straggler
	usual := s.took.usual()
	for _, w := range s.order {
		if w.mayGiveBack(now) {
			continue
		}
		oldest := now - notably*usual - 2*(w.rtt+horizon)
		for _, l := range w.leases {
			if l.since < oldest && l.lost == 0 && l.newest == 0 {
				found = append(found, straggler{w, l.lo, l.hi, l.since})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b straggler) int { return cmp.Compare(a.since, b.since) })
	return found
}

// mayGiveBack reports whether the worker has jobs that it was not asked to give
// back if it can, or not for long: better those are moved than run twice.
func (w *worker) mayGiveBack(now time.Duration) bool {
	return !w.away && w.jobs > w.slots && w.revoking == (now < w.revokeAt)
}

// copyTo starts job seq, which is in the lease of from at index at, also on w.
func (s *Scheduler) copyTo(now time.Duration, w, from *worker, at int, seq uint64) Action {
	one := from.take(at, seq, seq+1)
	one.trim(s.conf.Delim)
	one.newest = one.attempt + 1
	two := one
	if two.Block != nil {
		two.Block.Add(1)
	}
	one.twin, two.twin = w.id, from.id
	two.attempt = two.newest
	from.jobs++
	from.bytes += one.bytes
	from.insert(&one)
	w.lease(now, two)
	s.pace.take(1)
	return Action{Kind: Send, Worker: w.id, Range: two.Range, Attempt: two.attempt, Copy: true}
}

// twinOf is the other copy of a job that is run twice, or nil.
func (s *Scheduler) twinOf(got *span) (*worker, *span) {
	w := s.workers[got.twin]
	if w == nil {
		return nil, nil
	}
	at, _ := w.find(got.lo)
	return w, w.leases[at]
}

// survivor is the copy that is left when the other, got, came to nothing; nil
// when there was no other.
func (s *Scheduler) survivor(got *span) *span {
	_, twin := s.twinOf(got)
	if twin != nil {
		twin.twin = 0
		got.release()
	}
	return twin
}

// cancelTwin gives up the other copy of a job that is settled. Its lease lasts
// until the worker says that the job has ended: until then the slot is busy.
func (s *Scheduler) cancelTwin(got *span) {
	w, twin := s.twinOf(got)
	if twin == nil {
		return
	}
	twin.release()
	twin.void, twin.twin, twin.Data, twin.Block = true, 0, nil, nil
	s.losers = append(s.losers, Action{Kind: Cancel, Worker: w.id, Range: batch.Range{Seq: twin.lo, Count: 1}})
}

// charge counts the loss of one copy against the other, twin, which worker id
// runs: but not so that it would be on its last chance, which it gets alone.
func (s *Scheduler) charge(id WorkerID, twin *span) {
	if s.conf.MaxLost > 2 && twin.lost == 0 {
		twin.lost = 1
		s.workers[id].afresh++
	}
}
