package schedule

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// A worker whose connection was cut is away: it keeps its leases, since it may
// well go on with them, and is given no more until it returns. Nothing counts
// against it or its jobs. Whoever waits for it in vain tells with Leave.

// Held is jobs that a worker says it still has, as an attempt.
type Held struct {
	Seq     uint64
	Count   int
	Attempt int
}

func (h *Held) end() uint64 { return h.Seq + uint64(h.Count) }

// Away tells that the connection of a worker was cut.
func (s *Scheduler) Away(id WorkerID) {
	if w := s.workers[id]; w != nil {
		w.away, w.slots = true, 0
	}
}

// Return tells that the worker that is away as from is back as to, and what it
// has: in order, no job twice. What it was given and does not have, which is
// missing, waits again, uncharged. What it has and is not waited for is needless:
// mostly answers whose acknowledgement did not arrive.
func (s *Scheduler) Return(now time.Duration, from, to WorkerID, slots int, held []Held) (missing, needless []Held) {
	w := s.workers[from]
	if w == nil || !w.away {
		return nil, held
	}
	delete(s.workers, from)
	s.workers[to] = w
	w.id, w.slots, w.away = to, slots, false
	w.revoking, w.stuck = false, false
	w.rtt, w.acc = 0, 0
	w.moved, w.since, w.revokeAt = now, now, now
	var leased []Held
	for _, l := range w.leases {
		leased = append(leased, Held{l.lo, l.jobs(), l.attempt})
		if _, twin := s.twinOf(l); twin != nil {
			twin.twin = to
		}
	}
	for _, h := range uncovered(leased, held) {
		w.takeAll(h.Seq, h.end(), func(got span) {
			if !got.void {
				missing = append(missing, Held{got.lo, got.jobs(), got.attempt})
			}
			s.comesBack(got)
		})
	}
	for _, l := range w.leases {
		if l.void { // perhaps it was not told
			s.losers = append(s.losers, Action{Kind: Cancel, Worker: to, Range: batch.Range{Seq: l.lo, Count: l.jobs()}})
		}
	}
	w.rested(now)
	s.wake(w)
	return missing, uncovered(held, leased)
}

// uncovered is what of a is not in b as the same attempt. In both, jobs are in
// order and none is there twice.
func uncovered(a, b []Held) (rest []Held) {
	for _, h := range a {
		lo := h.Seq
		for len(b) > 0 && b[0].end() <= lo {
			b = b[1:]
		}
		for _, o := range b {
			if o.Seq >= h.end() {
				break
			}
			if o.Attempt != h.Attempt {
				continue
			}
			if lo < o.Seq {
				rest = append(rest, Held{lo, int(o.Seq - lo), h.Attempt})
			}
			lo = min(h.end(), o.end())
		}
		if lo < h.end() {
			rest = append(rest, Held{lo, int(h.end() - lo), h.Attempt})
		}
	}
	return rest
}
