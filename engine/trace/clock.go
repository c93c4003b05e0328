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
	least, most := sent-start, heard-end
	if c.set {
		least, most = max(least, c.least), min(most, c.most)
	}
	if least > most { // one of the clocks was set
		least, most = sent-start, max(heard-end, sent-start)
	}
	c.least, c.most, c.set = least, most, true
	if least <= 0 && most >= 0 {
		return 0
	}
	return least + (most-least)/2
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
