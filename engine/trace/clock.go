package trace

// A clock knows how far another one is off. What was sent at a time cannot have
// been begun before it, and what was ended cannot have been heard of before that:
// each job says how much is to be added to the other clock at least and at most.
type clock struct {
	least, most int64
	set         bool
}

// add is what to add to the other clock's times, after a job that was sent, ran
// from start to end by the other clock, and was heard of, at these times.
func (c *clock) add(sent, start, end, heard int64) int64 {
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
