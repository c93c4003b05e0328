package command

import "time"

// What a process that owes answers is doing.
type doing int

const (
	busy    doing = iota // something else than waiting for input
	unsure               // perhaps waiting for input
	waiting              // for input, and nothing else
)

const (
	firstLook  = time.Millisecond
	lastLook   = time.Second
	leastDoubt = 10 * time.Millisecond
	mostDoubt  = time.Second
)

// A lookout decides when to look at the process and what to make of it. To look
// costs as much as a few hundred answers: it is only done when there have been
// none for a while, and ever more rarely at a process that is busy.
type lookout struct {
	pause time.Duration // between looks
	last  time.Time     // when it did not wait
	busy  time.Time     // when it was busy for certain
	began time.Time     // when it had first read of its stdin
}

// due is when to look at a process that has been still since.
func (l *lookout) due(still time.Time) time.Time { return later(still, l.last).Add(l.pause) }

// waits tells whether a process that does what, and is still since, waits for
// input. Where that is not certain, one that is still for longer than doubt does.
func (l *lookout) waits(what doing, now, still time.Time, doubt time.Duration) bool {
	if what == busy {
		l.busy = now
	}
	if what == waiting || what == unsure && now.Sub(still) >= doubt {
		l.pause = firstLook
		return true
	}
	l.last = now
	l.pause = min(2*l.pause, lastLook)
	return false
}

// worked is how long a process that is found to wait has worked, as far as it was
// seen to.
func (l *lookout) worked(what doing, now time.Time) time.Duration {
	if what == unsure {
		now = l.busy
	}
	return max(0, now.Sub(l.began))
}
