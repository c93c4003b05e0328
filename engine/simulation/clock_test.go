package simulation

import "time"

// An event is something that happens at a moment.
type event struct {
	at time.Duration
	n  uint64 // events of one moment happen in the order they were made
	do func()
}

// A clock holds the events to come, as a binary heap, and the time.
type clock struct {
	now    time.Duration
	events []event
	made   uint64
}

func (c *clock) after(d time.Duration, do func()) { c.at(c.now+d, do) }

func (c *clock) at(t time.Duration, do func()) {
	c.made++
	c.events = append(c.events, event{at: t, n: c.made, do: do})
	i := len(c.events) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !c.earlier(i, up) {
			break
		}
		c.events[i], c.events[up] = c.events[up], c.events[i]
		i = up
	}
}

func (c *clock) earlier(i, j int) bool {
	a, b := &c.events[i], &c.events[j]
	return a.at < b.at || a.at == b.at && a.n < b.n
}

// step lets the next event happen, and reports false if there is none.
func (c *clock) step() bool {
	if len(c.events) == 0 {
		return false
	}
	next := c.events[0]
	last := len(c.events) - 1
	c.events[0] = c.events[last]
	c.events[last] = event{}
	c.events = c.events[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && c.earlier(down, least) {
				least = down
			}
		}
		if least == i {
			break
		}
		c.events[i], c.events[least] = c.events[least], c.events[i]
		i = least
	}
	c.now = next.at
	next.do()
	return true
}
