package schedule

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// revokePause is the least time between two searches for jobs that idle
// workers could take over: a search looks at every worker.
const revokePause = 2 * time.Millisecond

// revokeForIdle asks a slow worker's queued jobs back when nothing waits and
// some worker has an idle slot.
func (s *Scheduler) revokeForIdle(now time.Duration, acts []Action) []Action {
	if len(s.hungry) == 0 || now-s.revoked < revokePause || s.Waiting() > 0 || !s.idleSlot() {
		return acts
	}
	s.revoked = now
	var slowest *worker
	var longest time.Duration
	for _, w := range s.order {
		if d := w.backlog(now); d > longest && w.revocable(now) {
			slowest, longest = w, d
		}
	}
	if slowest == nil || longest < 2*(slowest.rtt+horizon) {
		return acts
	}
	slowest.stuck = true // lest it is given the same jobs again
	return append(acts, slowest.revoke(now))
}

// idleSlot reports whether a worker with room has nothing to do in some slot.
func (s *Scheduler) idleSlot() bool {
	for _, w := range s.hungry {
		if w.jobs < w.slots && s.room(w) > 0 {
			return true
		}
	}
	return false
}

// Tick asks back what is queued on workers that have answered nothing for
// long: a job of an hour must not keep those behind it waiting. It also starts
// slow jobs a second time, see speculate. Call it some times a second.
func (s *Scheduler) Tick(now time.Duration, acts []Action) []Action {
	for _, w := range s.order {
		if w.revocable(now) && now-w.moved >= w.patience() {
			w.stuck = true
			acts = append(acts, w.revoke(now))
		}
	}
	return s.speculate(now, acts)
}

// patience is how long the worker may answer nothing before its queue is asked back: the
// round trip, and notably longer than a round of its slots takes. The queue of a worker
// that is far away is there to be begun after such a round, and not to go to and fro.
func (w *worker) patience() time.Duration {
	if w.rate == 0 {
		return w.rtt + stuckAfter
	}
	long := min(notably*float64(w.slots)/w.rate, mostPatience.Seconds())
	return w.rtt + max(stuckAfter, time.Duration(long*float64(time.Second)))
}

// revokeAll asks back everything that has not started.
func (s *Scheduler) revokeAll(now time.Duration, acts []Action) []Action {
	for _, w := range s.order {
		if w.jobs > 0 && w.askable(now) {
			acts = append(acts, w.revoke(now))
		}
	}
	return acts
}

// backlog is how long the jobs of the worker will last, as far as one can tell.
func (w *worker) backlog(now time.Duration) time.Duration {
	silent := now - w.moved
	if w.rate == 0 {
		return silent
	}
	return max(silent, time.Duration(float64(w.jobs)/w.rate*float64(time.Second)))
}

// revocable reports whether the worker has jobs that cannot have started, and
// may be asked for them.
func (w *worker) revocable(now time.Duration) bool {
	return w.jobs > w.slots && w.askable(now)
}

// askable reports whether the worker can be asked to give jobs back.
func (w *worker) askable(now time.Duration) bool {
	return !w.revoking && !w.away && now >= w.revokeAt
}

func (w *worker) revoke(now time.Duration) Action {
	w.revoking = true
	w.revokeAt = now + stuckAfter
	return Action{Kind: Revoke, Worker: w.id, Range: batch.Range{Count: w.jobs}}
}
