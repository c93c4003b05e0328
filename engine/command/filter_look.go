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
	firstLook = time.Millisecond
	lastLook  = time.Second
)

// A lookout decides when to look at the process and what to make of it. To look
// costs as much as a few hundred answers: it is only done when there have been
// none for a while, and ever more rarely at a process that is busy.
type lookout struct {
	pause time.Duration // between looks
	last  time.Time     // when it was busy
}

// due is when to look at a process that has been still since.
func (l *lookout) due(still time.Time) time.Time { return later(still, l.last).Add(l.pause) }

// waits tells whether the process waits for input. Where that is not certain, a
// process that is still for long enough does.
func (l *lookout) waits(p *process, now, still time.Time) bool {
	what := p.doing()
	if what == waiting || what == unsure && now.Sub(still) >= doubt {
		l.pause = firstLook
		return true
	}
	l.last = now
	l.pause = min(2*l.pause, lastLook)
	return false
}
