package trace

// A Clock knows how far the clock of a worker is off. What was sent at a time cannot have
// been begun before it, and what was ended cannot have been heard of before that:
// each job says how much is to be added to the other clock at least and at most.
type Clock struct {
	least, most int64
	set         bool
}

// add is what to add to the other clock's times, after a job that was sent, ran
// from start to end by the other clock, and was heard of, at these times.
func (c *Clock) add(sent, start, end, heard int64) int64 {
	least := sent - start
	most := max(heard-end, least)
	switch {
	case !c.set:
		c.least, c.most, c.set = least, most, true
	case least > c.most:
		c.move(least - c.most)
	case most < c.least:
		c.move(most - c.least)
	default:
		c.least, c.most = max(least, c.least), min(most, c.most)
	}
	off := c.least + (c.most-c.least)/2
	if c.least <= 0 && c.most >= 0 {
		off = 0
	}
	return min(max(off, least), most)
}

// move is for when a job cannot fit what was known, as one of the clocks was set, or is
// slow. That job may have waited for long before it ran, and so say little by itself: what
// was known is moved until it fits, and no farther.
func (c *Clock) move(by int64) {
	c.least += by
	c.most += by
}

// Ran is when the jobs of a ran, in microseconds since a run that began at wall,
// microseconds since 1970: what the worker says, set right, and in any case between
// when they were sent and when the answer was heard.
func (c *Clock) Ran(a *Answer, wall, sent, heard int64) (start, end int64) {
	if a.Start == 0 { // it does not know
		return sent, heard
	}
	const most = 1 << 60 // what a worker says may be anything
	start = int64(min(a.Start, most)) - wall
	end = start + int64(min(a.Took, most))
	off := c.add(sent, start, end, heard)
	start = min(max(start+off, sent), heard)
	return start, min(max(end+off, start), heard)
}
