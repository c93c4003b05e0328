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
	least        int       // what a process that collects answers is to have
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
	longLife  = 400 * time.Millisecond
)

// collects is for a process that owes n answers and waits for more records, age
// after its start. With dry, there are none and its stdin is closed: the next one
// is to have more, unless this one was at work for long enough to be worth its
// start.
func (p *pace) collects(n int, age time.Duration, dry bool) {
	switch {
	case dry && age > longLife:
		p.least /= 2
	case n >= p.least && (!dry || age < shortLife):
		p.least = 2 * n
	}
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
