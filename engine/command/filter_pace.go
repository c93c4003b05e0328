package command

import "time"

// stretch is the time over which answers are counted.
const stretch = 2 * time.Millisecond

// pace is how many records a process may owe: as many as it answered in the
// last few milliseconds, and at least one. A fast one is so never without work, and
// little waits behind a record that turns out slow: what is in its pipe can be
// given to nobody else.
type pace struct {
	began        time.Time // of the present stretch
	now, earlier int       // answers in it and in the one before
	first, least int       // what a process that collects answers is to have: when it starts, and now
}

func (p *pace) limit(t time.Time) int {
	p.turn(t)
	return max(1, p.now+p.earlier, p.least)
}

func (p *pace) answered(t time.Time, n int) {
	p.turn(t)
	p.now += n
}

// flows tells whether a process that owes n answers has work for a millisecond at
// least, at the pace of the last few.
func (p *pace) flows(n int) bool { return n > 32 && n > (p.now+p.earlier)/2 }

const (
	shortLife = 100 * time.Millisecond
	longWork  = 400 * time.Millisecond
)

// collects is for a process that owes n answers and waits for more records.
func (p *pace) collects(n int) {
	if n >= p.least {
		p.least = 2 * n
	}
}

// collected is for a process that gave n answers at its end only, after a life of
// which it worked for a part: the next one is to have more, unless this one worked
// for long enough to be worth its start.
func (p *pace) collected(n int, worked, life time.Duration) {
	switch {
	case n < p.first: // there were no more
	case worked < life/4:
		p.least = 4 * n
	case worked < life/2 || life < shortLife:
		p.least = 2 * n
	case worked > longWork:
		p.least = n / 2
	default:
		p.least = n
	}
}

// collectsIn bounds what the next process is to have by the time it may take, where
// this one took life for n records.
func (p *pace) collectsIn(limit time.Duration, n int, life time.Duration) {
	p.least = int(min(float64(p.least), float64(n)*float64(limit)/float64(life)))
}

func (p *pace) turn(t time.Time) {
	switch d := t.Sub(p.began); {
	case d < stretch:
		return
	case d < 2*stretch:
		p.earlier = p.now
	default:
		p.earlier = 0
	}
	p.began, p.now = t, 0
}
