package live

// mostGone is how many workers that have left are remembered one by one.
const mostGone = 1000

// A Share is what one worker did in a run.
type Share struct {
	Name string
	Done int64 // jobs that it answered
	Total
}

// A Crew is the workers that have left. One goroutine owns it.
type Crew struct{ gone []Share }

// Left keeps what a worker did. Of too many the one is forgotten that was there
// least.
func (c *Crew) Left(s Share) {
	if len(c.gone) < mostGone {
		c.gone = append(c.gone, s)
		return
	}
	least := 0
	for i := range c.gone {
		if c.gone[i].Slots < c.gone[least].Slots {
			least = i
		}
	}
	if c.gone[least].Slots < s.Slots {
		c.gone[least] = s
	}
}

// Gone is those that are remembered.
func (c *Crew) Gone() []Share { return c.gone }
