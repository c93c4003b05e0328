package schedule

import (
	"math"
	"time"
)

// A pace counts the jobs that Config.Rate allows to be handed out. Each handing-out
// counts: a job that is tried again, or that a worker gave back, counts again. What
// the rate allowed and nobody wanted is kept only for so long as catchUp, so that
// after a lull jobs do not come all at once.
type pace struct {
	rate    float64 // jobs a second; 0: no limit
	allowed float64 // jobs that may be handed out at once
	at      time.Duration
}

// catchUp is how late a job may be handed out without making those behind it
// later: more than a busy machine takes to look again.
const catchUp = 50 * time.Millisecond

// hair is what may be lost to rounding, in jobs: times are in whole nanoseconds.
const hair = 1e-6

// pass lets time pass until now.
func (p *pace) pass(now time.Duration) {
	if p.rate > 0 {
		most := 1 + p.rate*catchUp.Seconds()
		p.allowed = min(p.allowed+p.rate*(now-p.at).Seconds(), most)
		p.at = now
	}
}

// left is how many jobs may be handed out now.
func (p *pace) left() int {
	if p.rate == 0 {
		return math.MaxInt
	}
	return int(p.allowed + hair)
}

// take notes that n jobs were handed out.
func (p *pace) take(n int) {
	if p.rate > 0 {
		p.allowed -= float64(n)
	}
}

// Due reports whether jobs wait for nothing but the rate, as far as one can tell,
// and if so how long after the last Dispatch that has more of them handed out.
func (s *Scheduler) Due() (after time.Duration, ok bool) {
	if s.stopped || s.pace.left() > 0 || s.Waiting() == 0 {
		return 0, false
	}
	return time.Duration(math.Ceil((1 - s.pace.allowed) / s.pace.rate * float64(time.Second))), true
}
