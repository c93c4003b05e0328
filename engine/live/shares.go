package live

import "time"

// Shares is what a number of slots did in some time, in shares of it. Together
// they are 1, or 0 where there were no slots. The words are those of the timeline.
type Shares struct {
	Working float32 // jobs ran
	Reading float32 // an answer was on its way
	Writing float32 // a job was on its way
	Waiting float32 // for either, or for a worker's answer that never came
	Free    float32 // they had no job
}

// Unanswered is jobs that were handed out, by when: those that slots may be taken
// to run. It is of one lane, and of one moment.
type Unanswered struct {
	now   time.Duration
	part  [Cells]float32 // in the cell in which they were handed out
	whole [Cells]float32 // jobs, from that cell on
}

// NewUnanswered is of no jobs yet.
func NewUnanswered(now time.Duration) *Unanswered { return &Unanswered{now: now} }

// Add adds n jobs that were handed out at that time.
func (u *Unanswered) Add(since time.Duration, n int) {
	newest := int(u.now / cell)
	s := max(int(since/cell), newest-Cells+1, 0)
	since = max(since, time.Duration(s)*cell)
	until := min(u.now, time.Duration(s+1)*cell)
	if since >= until {
		return
	}
	u.part[s%Cells] += float32(n) * float32((until - since).Seconds())
	if s < newest {
		u.whole[(s+1)%Cells] += float32(n)
	}
}

// Strip appends the shares of the last n seconds, the oldest first. The last of
// them has only begun.
func (l *Lane) Strip(dst []Shares, n int, u *Unanswered) []Shares {
	l.each(n, u, func(s seconds, running float32) { dst = append(dst, s.shares(running)) })
	return dst
}

// Lately is the shares of the last n seconds together.
func (l *Lane) Lately(n int, u *Unanswered) Shares {
	var sum seconds
	var running float32
	l.each(n, u, func(s seconds, r float32) {
		sum.slots += s.slots
		sum.busy += s.busy
		sum.worked += s.worked
		sum.outbound += s.outbound
		sum.inbound += s.inbound
		running += min(r, max(0, s.busy-s.worked))
	})
	return sum.shares(running)
}

// each gives the cells of the last n seconds, the oldest first, and for how much
// of their slot-time jobs may be running.
func (l *Lane) each(n int, u *Unanswered, give func(seconds, float32)) {
	l.reach(u.now)
	newest := l.second
	var jobs float32
	for s := max(newest-Cells+1, 0); s <= newest; s++ {
		jobs += u.whole[s%Cells]
		if s <= newest-n {
			continue
		}
		length := min(u.now-time.Duration(s)*cell, cell)
		give(l.ring[s%Cells], u.part[s%Cells]+jobs*float32(length.Seconds()))
	}
}

// shares turns slot-time into shares. A slot without work has nothing to do, or
// waits for what is on its way. What is on its way, or queued, while the slots work
// is nothing that they wait for.
func (s *seconds) shares(running float32) Shares {
	slots := max(s.slots, s.busy)
	if slots < 1e-6 {
		return Shares{}
	}
	working := min(s.busy, s.worked+running)
	rest := s.busy - working
	reading := min(rest, s.inbound)
	writing := min(rest-reading, s.outbound)
	return Shares{
		Working: working / slots,
		Reading: reading / slots,
		Writing: writing / slots,
		Waiting: (rest - reading - writing) / slots,
		Free:    (slots - s.busy) / slots,
	}
}
