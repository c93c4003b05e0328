package live

import "time"

// Together is what the slots of all workers did, each for itself: one that waits
// for its job is not taken to read the answer of another. It is of one moment.
type Together struct {
	now  time.Duration
	rest minute        // of workers that have left
	sum  [Cells]Shares // of the others, in seconds
}

// NewTogether begins with a lane that was told of all workers. Those that are still
// there are to be added.
func NewTogether(now time.Duration, all *Lane) *Together {
	all.reach(now)
	return &Together{now: now, rest: all.minute}
}

// Add adds the lane of a worker, with the jobs that it may be running.
func (t *Together) Add(l *Lane, u *Unanswered) {
	s := t.first()
	l.each(Cells, u, func(of seconds, running float32) {
		t.sum[s%Cells].add(of.shares(running), max(of.slots, of.busy))
		left := &t.rest.ring[s%Cells]
		left.slots = max(0, left.slots-of.slots)
		left.busy = max(0, left.busy-of.busy)
		left.worked = max(0, left.worked-of.worked)
		left.outbound = max(0, left.outbound-of.outbound)
		left.inbound = max(0, left.inbound-of.inbound)
		s++
	})
}

// Strip is the shares of the last minute, the oldest second first.
func (t *Together) Strip() (strip []Shares) {
	for s := t.first(); s <= int(t.now/cell); s++ {
		sum, left := t.sum[s%Cells], t.rest.ring[s%Cells]
		sum.add(left.shares(0), max(left.slots, left.busy))
		strip = append(strip, sum.whole())
	}
	return strip
}

// first is the second that a strip begins with.
func (t *Together) first() int { return max(int(t.now/cell)-Cells+1, 0) }

// add adds so much of the time of another.
func (s *Shares) add(o Shares, time float32) {
	s.Working += o.Working * time
	s.Reading += o.Reading * time
	s.Writing += o.Writing * time
	s.Waiting += o.Waiting * time
	s.Free += o.Free * time
}

// whole makes shares of times.
func (s Shares) whole() (w Shares) {
	if sum := s.Working + s.Reading + s.Writing + s.Waiting + s.Free; sum > 1e-6 {
		w.add(s, 1/sum)
	}
	return w
}
