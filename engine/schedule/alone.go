package schedule

import (
	"slices"
	"time"
)

// A job that is one loss away from being given up has a worker to itself, so
// that if that worker vanishes too there is no doubt which job it was. Workers
// are emptied for such jobs, a quarter of them at most; a worker that is empty
// anyway is taken first.

// lastChance reports whether one more loss gives the job up.
func (s *Scheduler) lastChance(sp *span) bool {
	return sp.lost > 0 && sp.lost == s.conf.MaxLost-1
}

// runsAlone reports whether w runs a job that has it to itself.
func (s *Scheduler) runsAlone(w *worker) bool {
	return w.reserved && len(w.leases) == 1 && s.lastChance(w.leases[0])
}

// runAlone reserves as many workers as there is use for, and gives those that
// are empty their job.
func (s *Scheduler) runAlone(now time.Duration, acts []Action) []Action {
	waiting := s.unreserve()
	for waiting < len(s.alone) && len(s.reserved) < max(1, len(s.order)/4) {
		w := s.leastLoaded(&s.alone[waiting])
		if w == nil {
			break
		}
		s.reserve(w)
		waiting++
	}
	for _, w := range s.reserved {
		if w.jobs == 0 {
			acts = s.leaseAlone(now, w, acts)
		}
	}
	return acts
}

// runAloneIdle gives jobs that wait for a worker of their own to workers that
// are left with nothing to do.
func (s *Scheduler) runAloneIdle(now time.Duration, acts []Action) []Action {
	for _, w := range s.hungry {
		if w.jobs == 0 && s.room(w) > 0 && s.aloneFor(w) >= 0 && s.pace.left() > 0 {
			s.reserve(w)
			acts = s.leaseAlone(now, w, acts)
		}
	}
	return acts
}

// leaseAlone gives the empty worker w a job to run alone, if there is one.
func (s *Scheduler) leaseAlone(now time.Duration, w *worker, acts []Action) []Action {
	if i := s.aloneFor(w); i >= 0 && s.pace.left() > 0 {
		acts = append(acts, s.lease(now, w, s.alone[i]))
		s.alone = slices.Delete(s.alone, i, i+1)
	}
	return acts
}

// aloneFor returns the index of the first job that w may run alone, or -1.
func (s *Scheduler) aloneFor(w *worker) int {
	for i := range s.alone {
		if s.mayRun(w, &s.alone[i]) {
			return i
		}
	}
	return -1
}

func (s *Scheduler) reserve(w *worker) {
	w.reserved = true
	s.reserved = append(s.reserved, w)
}

// unreserve frees the workers for which there is no use any more, and returns
// how many are left that have no job of their own yet. An empty worker takes
// the place of one that is still busy, which may be so for an hour.
func (s *Scheduler) unreserve() (waiting int) {
	keep := s.reserved[:0]
	for _, w := range s.reserved {
		if s.runsAlone(w) {
			keep = append(keep, w)
			continue
		}
		wanted := waiting < len(s.alone) && w.slots > 0 && s.aloneFor(w) >= 0
		if wanted && w.jobs == 0 {
			keep = append(keep, w)
			waiting++
			continue
		}
		w.reserved = false
		if wanted {
			keep = append(keep, s.emptyOr(w))
			keep[len(keep)-1].reserved = true
			waiting++
		}
		s.wake(w)
	}
	clear(s.reserved[len(keep):])
	s.reserved = keep
	return waiting
}

// emptyOr is a worker with nothing to do that may run some job alone, or else w.
func (s *Scheduler) emptyOr(w *worker) *worker {
	for _, e := range s.hungry {
		if e.jobs == 0 && s.room(e) > 0 && s.aloneFor(e) >= 0 {
			return e
		}
	}
	return w
}

// leastLoaded is the worker for sp that will be empty first, as far as one can
// tell.
func (s *Scheduler) leastLoaded(sp *span) *worker {
	var least *worker
	for _, w := range s.order {
		if !w.reserved && w.slots > 0 && (least == nil || w.jobs < least.jobs) && s.mayRun(w, sp) {
			least = w
		}
	}
	return least
}
