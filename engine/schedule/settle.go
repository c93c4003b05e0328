package schedule

import (
	"math"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// Answer settles the jobs [seq, seq+count): worker id answered them. It
// reports false, and changes nothing, when the worker does not hold them all:
// then it is the worker that is wrong.
func (s *Scheduler) Answer(now time.Duration, id WorkerID, seq uint64, count int) bool {
	w := s.workers[id]
	lo, hi := seq, seq+uint64(count)
	if w == nil || !w.holds(lo, hi) {
		return false
	}
	w.takeAll(lo, hi, func(got span) { got.release() })
	s.settled(now, w, count)
	return true
}

// A Verdict is what becomes of a job that failed.
type Verdict struct {
	Held  bool // the worker held it as this attempt; if not, the worker is wrong
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
	s.settled(now, w, 1)
	got.trim(s.conf.Delim)
	if got.failed >= s.conf.Retries || s.stopped {
		s.spent = append(s.spent, got)
		return Verdict{Held: true, Final: true, Record: got.Range}
	}
	got.failed++
	got.attempt++
	got.avoid = append(got.avoid[:len(got.avoid):len(got.avoid)], id)
	s.requeue(got)
	return Verdict{Held: true}
}

// settled does what any outcome does to a worker: it has room again.
func (s *Scheduler) settled(now time.Duration, w *worker, n int) {
	s.out -= n
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
	w.takeAll(lo, hi, s.requeue)
	s.out -= count
	w.rested(now)
	s.wake(w)
	return true
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
	s.reserved = slices.DeleteFunc(s.reserved, is)
	s.out -= w.jobs
	for _, l := range w.leases {
		l.lost++
		l.attempt++
		// Jobs that were lost together are tried in ever smaller company, so that
		// one poisonous job does not take its neighbours along.
		l.chunk = max(1, int(math.Sqrt(float64(l.jobs()))))
		s.requeue(l)
	}
	w.leases = nil
}

// requeue puts jobs that came back where they wait to be run again.
func (s *Scheduler) requeue(l span) {
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
	case l.failed > 0:
		s.retries = append(s.retries, l)
	default:
		l.trim(s.conf.Delim)
		s.again.push(l)
	}
}
