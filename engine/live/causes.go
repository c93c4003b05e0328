package live

import (
	"cmp"
	"slices"
)

// mostCauses is how many are told apart: words of workers are among them.
const mostCauses = 100

// A Cause is why so many jobs have failed.
type Cause struct {
	Why   string // empty: various
	Count int64
}

// Causes counts failures by their cause. One goroutine owns it.
type Causes struct {
	of   map[string]int64
	rest int64
}

// Add counts a failure.
func (c *Causes) Add(why string) {
	if c.of == nil {
		c.of = map[string]int64{}
	}
	if _, known := c.of[why]; !known && len(c.of) == mostCauses {
		c.rest++
		return
	}
	c.of[why]++
}

// Most is the n most frequent causes, and all others together as one.
func (c *Causes) Most(n int) (list []Cause) {
	for why, count := range c.of {
		list = append(list, Cause{why, count})
	}
	slices.SortFunc(list, func(a, b Cause) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why)) })
	rest := c.rest
	for len(list) > n {
		rest += list[len(list)-1].Count
		list = list[:len(list)-1]
	}
	if rest > 0 {
		list = append(list, Cause{"", rest})
	}
	return list
}
