package simulation

import (
	"math"
	"time"
)

// catchUp is how late a job may be handed out without making those behind it
// later.
const catchUp = 0.05 // s

// rounding is what the account of the rate may be wrong by, in jobs: twice what the
// scheduler lets pass, which counts otherwise.
const rounding = 2e-6

// allowance is how many jobs the rate allows to be handed out now.
func (m *model) allowance() float64 {
	if m.Rate == 0 {
		return math.Inf(1)
	}
	now := m.now.Seconds()
	m.paced = max(m.paced, now-1/m.Rate-catchUp)
	return (now - m.paced) * m.Rate
}

// spend notes that jobs are handed out.
func (m *model) spend(n int) {
	if left := m.allowance(); float64(n) > left+rounding {
		violated("%d jobs are handed out, and at %.0f a second %.3f may be", n, m.Rate, left)
	}
	if m.Rate > 0 {
		m.paced += float64(n) / m.Rate
	}
}

// heldBack reports whether jobs may wait because of the rate.
func (m *model) heldBack() bool { return m.allowance() < 1+rounding }

// awaitRate has a turn taken when the scheduler wants one because of the rate.
func (r *run) awaitRate() {
	after, ok := r.sched.Due()
	if left := r.allowance(); ok && left > 1 || !ok && left < 1-rounding && r.waiting() > 0 {
		violated("a turn for the rate is due: %v, though %d jobs wait and %.3f may go", ok, r.waiting(), left)
	}
	if at := r.now + after; ok && at != r.awaited {
		r.awaited = at
		r.at(at+r.random(2*time.Millisecond), r.handled)
	}
}
