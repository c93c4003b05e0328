package schedule

import (
	"math"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// Answer takes the first n of the jobs [seq, seq+count), which worker id
// answered; call it again for the rest. Either it settles them, or all n are
// late: another worker has settled them before. When the worker does not hold
// all count jobs n is 0, and nothing changes: then it is the worker that is
// wrong.
func (s *Scheduler) Answer(now time.Duration, id WorkerID, seq uint64, count int) (n int, late bool) {
	w := s.workers[id]
	lo, hi := seq, seq+uint64(count)
	if w == nil || !w.holds(lo, hi) {
		return 0, false
	}
	for lo < hi {
		at, _ := w.find(lo)
		l := w.leases[at]
		if lo > seq && l.void != late {
			break
		}
		late = l.void
		to := min(hi, l.hi)
		s.answered(now, w.take(at, lo, to))
		lo = to
	}
	n = int(lo - seq)
	s.moved(now, w, n)
	return n, late
}

// answered does what an answer to the jobs in got means for the run.
func (s *Scheduler) answered(now time.Duration, got span) {
	if got.void {
		return
	}
	s.out -= got.jobs()
	s.took.add(now-got.since, got.jobs())
	s.cancelTwin(&got)
	if s.conf.Keep {
		s.spent = append(s.spent, got)
		return
	}
	got.release()
}

// A Verdict is what becomes of a job that failed.
type Verdict struct {
	Held  bool // the worker held it as this attempt; if not, the worker is wrong
	Late  bool // another worker has settled the job before: nothing changes
	Twin  bool // the job's other copy still runs: only that one counts from now on
	Final bool // it is not tried again: the job is settled
	// Record is the job, for --failed; valid until the next event. Only when
	// Final.
	Record batch.Range
}

// Failed tells that an attempt at one job failed. When it is not final the job
// runs again, on a worker where it has not failed yet if there is one.
func (s *Scheduler) Failed(now time.Duration, id WorkerID, seq uint64, attempt int) Verdict {
	w := s.workers[id]
	if w == nil {
		return Verdict{}
	}
	at, ok := w.find(seq)
	if !ok || w.leases[at].attempt != attempt {
		return Verdict{}
	}
	got := w.take(at, seq, seq+1)
	s.moved(now, w, 1)
	if got.void {
		return Verdict{Held: true, Late: true}
	}
	if twin := s.survivor(&got); twin != nil {
		twin.shun(w.origin)
		return Verdict{Held: true, Twin: true}
	}
	s.out--
	got.trim(s.conf.Delim)
	if got.failed >= s.conf.Retries || s.stopped {
		s.took.add(now-got.since, 1)
		s.spent = append(s.spent, got)
		return Verdict{Held: true, Final: true, Record: got.Range}
	}
	got.failed++
	got.attempt = got.latest() + 1
	got.shun(w.origin)
	s.requeue(got)
	return Verdict{Held: true}
}

// moved does what any outcome does to a worker: it has room again.
func (s *Scheduler) moved(now time.Duration, w *worker, n int) {
	w.answered(now, n)
	w.rested(now)
	s.wake(w)
}

// GiveBack tells that the worker has not started the jobs [seq, seq+count) and
// will not. They go elsewhere, uncharged. It reports false, and changes
// nothing, when the worker does not hold them.
func (s *Scheduler) GiveBack(now time.Duration, id WorkerID, seq uint64, count int) bool {
	w := s.workers[id]
	lo, hi := seq, seq+uint64(count)
	if w == nil || !w.holds(lo, hi) {
		return false
	}
	w.takeAll(lo, hi, s.comesBack)
	w.rested(now)
	s.wake(w)
	return true
}

// comesBack takes jobs that were not started, or were cancelled.
func (s *Scheduler) comesBack(got span) {
	if got.void || s.survivor(&got) != nil {
		return
	}
	s.out -= got.jobs()
	if got.newest > 0 {
		got.attempt = got.latest() + 1
	}
	s.requeue(got)
}

// GaveBack ends a revocation: the worker has said all it gives back.
func (s *Scheduler) GaveBack(now time.Duration, id WorkerID) {
	if w := s.workers[id]; w != nil {
		w.revoking = false
		w.revokeAt = now + stuckAfter
	}
}

// Leave tells that a worker vanished: what it held is run elsewhere, and
// charged with the loss; a job that was lost too often is given up.
func (s *Scheduler) Leave(now time.Duration, id WorkerID) {
	w := s.workers[id]
	if w == nil {
		return
	}
	delete(s.workers, id)
	w.gone = true
	is := func(o *worker) bool { return o == w }
	s.order = slices.DeleteFunc(s.order, is)
	s.hungry = slices.DeleteFunc(s.hungry, is)
	s.reserved = slices.DeleteFunc(s.reserved, is)
	for _, l := range w.leases {
		if l.void {
			continue
		}
		if twin := s.survivor(l); twin != nil {
			s.charge(l.twin, twin)
			continue
		}
		s.out -= l.jobs()
		l.lost++
		l.attempt = l.latest() + 1
		// Jobs that were lost together are tried in ever smaller company, so that
		// one poisonous job does not take its neighbours along.
		l.chunk = max(1, int(math.Sqrt(float64(l.jobs()))))
		s.requeue(*l)
	}
	w.leases = nil
}

// requeue puts jobs that came back where they wait to be run again.
func (s *Scheduler) requeue(l span) {
	l.newest = 0
	switch {
	case s.stopped:
		l.release()
	case l.lost >= s.conf.MaxLost:
		l.trim(s.conf.Delim)
		s.doomed = append(s.doomed, l)
		s.lost = append(s.lost, Action{Kind: GiveUp, Range: l.Range, Attempt: l.attempt - 1})
	case s.lastChance(&l):
		l.trim(s.conf.Delim)
		for l.Count > 0 {
			one := l
			one.Range = l.Split(s.conf.Delim, 1)
			one.lo, one.hi = one.Seq, one.End()
			s.alone = append(s.alone, one)
		}
	case len(l.avoid) > 0:
		s.retries = append(s.retries, l)
	default:
		l.trim(s.conf.Delim)
		s.again.push(l)
	}
}
