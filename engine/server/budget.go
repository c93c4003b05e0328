package server

import (
	"fmt"
	"time"
)

// What a worker may send for which no job is settled: each frame takes time of
// the event loop, and there is no credit for it. A worker has little to say
// besides results; most of it is about jobs that it gives back, one a slot when
// things go badly.
const (
	idleRate = 100 // frames a second, and
	slotRate = 10  // for each slot
	idleTime = 10  // seconds of these at one go

	// settledFrames is how many a settled job is good for: small parts of its
	// result, the end of its process, what else goes back with that.
	settledFrames = 10
	// tornFrames is what it takes to give back, unasked, some jobs of a range that was
	// handed out, which leaves it in pieces. Workers do so where a process or a slot
	// fails.
	tornFrames = 10
	// mostSmall is below which a part of a result counts. Each larger one is good
	// for one of them, as the last of the credit may make it small.
	mostSmall = 4 << 10
)

// smallPart is below which a part of a result of this worker counts. One that is
// granted little has it back in quarters, and sends it so.
func (p *peer) smallPart() int { return min(mostSmall, p.begun/4) }

// A budget counts such frames, and forgets them with time.
type budget struct {
	used   float64 // frames
	looked time.Duration
}

// spend takes frames of a worker with so many slots. Times are by Server.awake.
func (b *budget) spend(now time.Duration, slots uint32, frames float64) error {
	rate := float64(idleRate + slotRate*slots)
	b.used = max(b.used-rate*(now-b.looked).Seconds(), 0) + frames
	b.looked = now
	if b.used > rate*idleTime {
		return fmt.Errorf("it sends more than %.0f frames a second and settles no job", rate)
	}
	return nil
}

// tore takes note that a worker has given back a part of a range, of so many jobs.
func (p *peer) tore(now time.Duration, jobs int) error {
	if p.asked >= jobs {
		p.asked -= jobs
		return nil
	}
	return p.budget.spend(now, p.Hello.Slots, tornFrames)
}

// earn takes back what a worker has spent, for work it has done.
func (b *budget) earn(frames float64) { b.used = max(b.used-frames, 0) }
