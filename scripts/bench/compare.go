package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// fewestPairs is what a median needs at least, however slow a peer is.
const fewestPairs = 3

// compare verifies both sides and then times them in pairs. It returns a row of
// the table.
func (c *contest) compare(pairs int, budget time.Duration) (string, error) {
	if err := c.jobpipe.verify(c.input); err != nil {
		return "", err
	}
	row := fmt.Sprintf("%d\t%s\t", c.input.is.lines, c.jobpipe)
	if err := c.peer.verify(c.input); errors.Is(err, errNotInstalled) {
		return row + fmt.Sprintf("\t%s\tnot installed\t\t", c.peer), nil
	} else if err != nil {
		return row + fmt.Sprintf("\t%s\t%v\t\t", c.peer, err), nil
	}

	var ours, theirs, ratios []float64
	begin := time.Now()
	for i := range pairs {
		if i >= fewestPairs && time.Since(begin) > budget {
			break
		}
		our, their, err := c.pair(i%2 == 0)
		if err != nil {
			return "", err
		}
		ours, theirs, ratios = append(ours, our), append(theirs, their), append(ratios, their/our)
	}
	ratio := median(ratios)
	goal := ""
	if c.goal > 0 {
		goal = fmt.Sprintf("%.2f: reached", c.goal)
		if ratio < c.goal {
			goal = fmt.Sprintf("%.2f: MISSED", c.goal)
		}
	}
	return row + fmt.Sprintf("%.3f s\t%s\t%.3f s\t%.2f\t%s", median(ours), c.peer, median(theirs), ratio, goal), nil
}

// pair runs both sides once, in seconds.
func (c *contest) pair(jobpipeFirst bool) (our, their float64, err error) {
	if jobpipeFirst {
		if our, err = c.jobpipe.time(c.input); err != nil {
			return
		}
		their, err = c.peer.time(c.input)
		return
	}
	if their, err = c.peer.time(c.input); err != nil {
		return
	}
	our, err = c.jobpipe.time(c.input)
	return
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
