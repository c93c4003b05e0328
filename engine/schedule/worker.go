package schedule

import (
	"math"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// worker is what is known of one worker, over all its connections.
type worker struct {
	id     WorkerID
	origin WorkerID // of its first connection
	slots  int      // 0: takes no jobs for now
	leases []*span  // by lo; they do not overlap
	jobs   int      // leased
	bytes  int      // leased
	afresh int      // leased jobs during which a worker vanished before

	rtt   time.Duration
	rate  float64       // jobs per second, smoothed; 0 until shown
	acc   int           // answers since `since`
	since time.Duration // start of the current measurement, moved on by the time it had no jobs
	idle  time.Duration // when it had no jobs any more
	moved time.Duration // last answer, or first lease after none

	revokeAt time.Duration // not asked to give jobs back before this, and not waited for longer
	revoking bool          // asked, and not yet replied
	stuck    bool          // its queue was asked back: gets none until it answers
	reserved bool          // being emptied for, or running, a job that must run alone
	listed   bool          // stands in hungry
	away     bool          // its connection was cut, and it may return
	gone     bool
}

// A rate is taken over a round of the slots, as jobs that were begun together end
// together: the time between two of those tells nothing. It is taken over a
// millisecond at least, and when a round takes longer than a second, not over all of it.
const (
	measure     = time.Millisecond
	mostMeasure = time.Second
)

// Join adds a worker with the given slots.
func (s *Scheduler) Join(now time.Duration, id WorkerID, slots int) {
	w := &worker{id: id, origin: id, slots: slots, moved: now, since: now, idle: now}
	s.workers[id] = w
	s.order = append(s.order, w)
	s.wake(w)
}

// Slots changes how many jobs a worker runs at a time; 0 is for a worker that
// wants no more, for now or because it is about to leave.
func (s *Scheduler) Slots(now time.Duration, id WorkerID, slots int) {
	if w := s.workers[id]; w != nil {
		w.slots = slots
		if !w.revoking { // else its reply is awaited, and says when it may be asked again
			w.revokeAt = now
		}
		s.wake(w)
	}
}

// RoundTrip tells how long a message to the worker and back takes.
func (s *Scheduler) RoundTrip(id WorkerID, d time.Duration) {
	if w := s.workers[id]; w != nil && (w.rtt == 0 || d < w.rtt) {
		w.rtt = d
		s.wake(w)
	}
}

// credit is how many jobs the worker may hold: one a slot, and a queue that
// lasts for its round trip and the horizon at the rate it has shown. Fast jobs
// get a deep queue; jobs of a second get none, so nothing waits behind them. In
// between a job is queued where the slots would else wait for the wire too often.
func (s *Scheduler) credit(w *worker) int {
	if w.slots == 0 {
		return 0
	}
	if s.conf.MaxLost == 1 || w.stuck {
		return w.slots // a job that has not started cannot be lost with its worker
	}
	queue := w.rate * (w.rtt + horizon).Seconds()
	if w.rate*w.rtt.Seconds() > worthwhile*float64(w.slots) {
		queue = math.Ceil(queue)
	}
	return w.slots + int(queue)
}

// room is how many more jobs the worker may be given now. While its slots are
// full it is 0 until a good part of the queue is free: frames of a few jobs
// each would otherwise go round for ever. What covers the round trip is not
// waited for.
func (s *Scheduler) room(w *worker) int {
	if w.gone || w.reserved {
		return 0
	}
	credit := s.credit(w)
	room := credit - w.jobs
	if w.jobs < w.slots {
		return room
	}
	if w.queued() >= w.window() || room < max(1, min((credit-w.slots)/4, int(w.rate*horizon.Seconds()))) {
		return 0
	}
	return room
}

// queued is about how many bytes the worker has beyond one job a slot.
func (w *worker) queued() int {
	if w.jobs <= w.slots {
		return 0
	}
	return int(int64(w.bytes) * int64(w.jobs-w.slots) / int64(w.jobs))
}

// window bounds the bytes queued on the worker beyond its slots: what stays in
// the processor's caches, and what is on its way on a link of 1 Gbit/s.
func (w *worker) window() int {
	return min(leastWindow+int(w.rtt.Seconds()*125e6), mostWindow)
}

// wake lists a worker that has room.
func (s *Scheduler) wake(w *worker) {
	if !w.listed && s.room(w) > 0 {
		w.listed = true
		s.hungry = append(s.hungry, w)
	}
}

// lease notes that the worker holds sp.
func (w *worker) lease(now time.Duration, sp span) {
	if w.jobs == 0 {
		w.since += now - w.idle // a fast worker is never busy for long enough to be measured at one go
		w.moved = now
	}
	sp.since = now
	sp.bytes = len(sp.Data)
	w.jobs += sp.jobs()
	w.bytes += sp.bytes
	if sp.lost > 0 {
		w.afresh += sp.jobs()
	}
	w.insert(&sp)
}

func (w *worker) insert(sp *span) {
	if n := len(w.leases); n == 0 || w.leases[n-1].lo < sp.lo {
		w.leases = append(w.leases, sp)
		return
	}
	at, _ := w.find(sp.lo)
	w.leases = slices.Insert(w.leases, at, sp)
}

// find returns the index of the lease that holds seq, or where one would go.
func (w *worker) find(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(w.leases, seq, func(e *span, seq uint64) int {
		switch {
		case e.hi <= seq:
			return -1
		case e.lo > seq:
			return 1
		}
		return 0
	})
}

// holds reports whether all of [lo,hi) is leased to the worker.
func (w *worker) holds(lo, hi uint64) bool {
	at, ok := w.find(lo)
	for ok && w.leases[at].hi < hi {
		at++
		ok = at < len(w.leases) && w.leases[at].lo == w.leases[at-1].hi
	}
	return ok
}

// takeAll removes [lo,hi), which the worker must hold, lease by lease.
func (w *worker) takeAll(lo, hi uint64, each func(span)) {
	for lo < hi {
		at, _ := w.find(lo)
		to := min(hi, w.leases[at].hi)
		each(w.take(at, lo, to))
		lo = to
	}
}

// take removes [lo,hi), which must lie in the one lease at index at.
func (w *worker) take(at int, lo, hi uint64) span {
	l := w.leases[at]
	got := *l
	got.lo, got.hi = lo, hi
	got.bytes = int(int64(l.bytes) * int64(got.jobs()) / int64(l.jobs()))
	switch {
	case lo == l.lo && hi == l.hi:
		got.bytes = l.bytes
		w.leases = slices.Delete(w.leases, at, at+1)
	case lo == l.lo:
		l.lo, l.bytes = hi, l.bytes-got.bytes
	case hi == l.hi:
		l.hi, l.bytes = lo, l.bytes-got.bytes
	default:
		rest := *l
		rest.lo = hi
		l.hi = lo
		l.bytes -= got.bytes
		rest.bytes = l.bytes / 2
		l.bytes -= rest.bytes
		w.leases = slices.Insert(w.leases, at+1, &rest)
	}
	w.jobs -= got.jobs()
	w.bytes -= got.bytes
	if got.lost > 0 {
		w.afresh -= got.jobs()
	}
	return got
}

// answered updates the worker's rate after n answers.
func (w *worker) answered(now time.Duration, n int) {
	w.acc += n
	w.moved, w.stuck = now, false
	if dt := now - w.since; dt >= mostMeasure || dt >= measure && w.acc >= w.slots {
		shown := float64(w.acc) / dt.Seconds()
		if w.rate == 0 {
			w.rate = shown
		} else {
			w.rate += (shown - w.rate) / 2
		}
		w.since, w.acc = now, 0
	}
}

// rested notes when the worker was left without jobs.
func (w *worker) rested(now time.Duration) {
	if w.jobs == 0 {
		w.idle = now
	}
}

// lease adds sp to the jobs of w and says so.
func (s *Scheduler) lease(now time.Duration, w *worker, sp span) Action {
	w.lease(now, sp)
	s.out += sp.jobs()
	s.pace.take(sp.jobs())
	return Action{Kind: Send, Worker: w.id, Range: sp.Range, Attempt: sp.attempt}
}

// Pieces is in how many ranges the jobs of a worker lie. Each that is not answered
// in order makes one more, and each makes all that is done to them slower.
func (s *Scheduler) Pieces(id WorkerID) int {
	if w := s.workers[id]; w != nil {
		return len(w.leases)
	}
	return 0
}

// Holds reports whether a job is leased to a worker, as this attempt, and if so
// whether it is late: the job has been settled by another.
func (s *Scheduler) Holds(id WorkerID, seq uint64, attempt int) (held, late bool) {
	w := s.workers[id]
	if w == nil {
		return false, false
	}
	at, ok := w.find(seq)
	held = ok && w.leases[at].attempt == attempt
	return held, held && w.leases[at].void
}

// First is the first job that a worker has, of those whose connection is not cut;
// 0: none has any.
func (s *Scheduler) First() (seq uint64) {
	for _, w := range s.workers {
		at := slices.IndexFunc(w.leases, func(l *span) bool { return !l.void })
		if at >= 0 && !w.away && (seq == 0 || w.leases[at].lo < seq) {
			seq = w.leases[at].lo
		}
	}
	return seq
}

// Records returns the first of the jobs [seq, seq+count), as many as were leased to
// the worker together, and as which attempt. Their bytes are valid until the next
// event, or with Config.Keep the next Dispatch. There are none when the worker does
// not hold all count jobs.
func (s *Scheduler) Records(id WorkerID, seq uint64, count int) (r batch.Range, attempt int) {
	w := s.workers[id]
	if w == nil || !w.holds(seq, seq+uint64(count)) {
		return r, 0
	}
	at, _ := w.find(seq)
	l := w.leases[at]
	if l.Seq < l.lo {
		l.Split(s.conf.Delim, int(l.lo-l.Seq)) // lest they are looked over again and again
	}
	r = l.Range
	if r.Seq < seq {
		r.Split(s.conf.Delim, int(seq-r.Seq))
	}
	return r.Split(s.conf.Delim, int(min(l.hi, seq+uint64(count))-seq)), l.attempt
}

// Held lists the jobs leased to a worker and not settled, for messages and
// tests.
func (s *Scheduler) Held(id WorkerID) []batch.Range {
	var held []batch.Range
	if w := s.workers[id]; w != nil {
		for _, l := range w.leases {
			if !l.void {
				held = append(held, batch.Range{Seq: l.lo, Count: l.jobs()})
			}
		}
	}
	return held
}
