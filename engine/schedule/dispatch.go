package schedule

import (
	"slices"
	"time"
)

// Dispatch appends to acts all that is to be done now: jobs given up, jobs for
// workers that have room, jobs to be asked back from workers that keep others
// waiting.
func (s *Scheduler) Dispatch(now time.Duration, acts []Action) []Action {
	s.drop(s.spent)
	s.spent = append(s.spent[:0], s.doomed...) // their bytes are promised until the next event
	s.doomed = s.doomed[:0]
	acts = append(acts, s.lost...)
	s.lost = s.lost[:0]
	acts = append(acts, s.losers...)
	s.losers = s.losers[:0]
	if s.stopped {
		return s.revokeAll(now, acts)
	}
	s.pace.pass(now)
	acts = s.runAlone(now, acts)
	acts = s.handOut(now, acts)
	if n := len(acts); len(s.alone) > 0 {
		if acts = s.runAloneIdle(now, acts); len(acts) > n {
			s.unreserve()
			acts = s.handOut(now, acts)
		}
	}
	return s.revokeForIdle(now, acts)
}

// handOut gives jobs to the hungry until nobody can be given any, or there are
// none: then it is no matter how many are hungry.
func (s *Scheduler) handOut(now time.Duration, acts []Action) []Action {
	for idle := len(s.hungry); idle > 0 && s.pace.left() > 0 && (s.mayBegin() || s.again.len()+len(s.retries) > 0); {
		w := s.hungry[0]
		s.hungry = s.hungry[1:]
		w.listed = false
		sp, ok := s.next(w)
		if !ok {
			idle--
			s.wake(w)
			continue
		}
		acts = append(acts, s.lease(now, w, sp))
		s.wake(w)
		idle = len(s.hungry)
	}
	return acts
}

// next takes the jobs that w gets next off what waits: first what has been
// handed out before, lowest first, so that results held behind it can go.
func (s *Scheduler) next(w *worker) (span, bool) {
	left := s.pace.left()
	room := min(s.room(w), left)
	if room == 0 {
		return span{}, false
	}
	// An even share, lest the first of several idle workers takes it all.
	share := func(q *queue) int { return min(room, min(q.jobs, left)/(len(s.hungry)+1)+1) }
	if s.again.len() > 0 {
		if s.again.all()[0].lost == 0 {
			return s.again.pop(s.conf.Delim, share(&s.again), s.conf.MaxBytes), true
		}
		// Jobs of a vanished worker: few at a time, see Leave.
		if n := w.slots - w.afresh; n > 0 {
			return s.again.pop(s.conf.Delim, min(room, max(n, s.again.all()[0].chunk)), s.conf.MaxBytes), true
		}
	}
	for i := range s.retries {
		if s.mayRun(w, &s.retries[i]) {
			return s.takeRetry(i), true
		}
	}
	if s.mayBegin() {
		return s.fresh.pop(s.conf.Delim, share(&s.fresh), s.conf.MaxBytes), true
	}
	return span{}, false
}

// takeRetry removes one job from the retries.
func (s *Scheduler) takeRetry(i int) span {
	got := s.retries[i]
	s.retries = slices.Delete(s.retries, i, i+1)
	return got
}

// mayRun reports whether w may run sp: it has not failed there, or there is no
// other worker.
func (s *Scheduler) mayRun(w *worker, sp *span) bool {
	return !sp.avoids(w.origin) || !s.elsewhere(sp)
}

// elsewhere reports whether there is a worker on which sp has not failed.
func (s *Scheduler) elsewhere(sp *span) bool {
	return slices.ContainsFunc(s.order, func(w *worker) bool {
		return w.slots > 0 && !sp.avoids(w.origin)
	})
}
