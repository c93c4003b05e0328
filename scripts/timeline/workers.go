package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// A tally is what the jobs of one worker took, in microseconds each.
type tally struct {
	name          string
	jobs          uint64
	took, longest int64
}

// count counts a job that ran, or those that ran together.
func (t *tally) count(e trace.Event) {
	n := max(e.Args.Count, 1)
	t.jobs += n
	t.took += e.Took
	t.longest = max(t.longest, e.Took/int64(n))
}

func (t *tally) mean() float64 { return float64(t.took) / float64(t.jobs) }

// workers is a table of how long jobs took on each worker, the slowest first.
func (c *chart) workers(scale float64) string {
	var all []*tally
	for process, t := range c.took {
		t.name = shorten(c.names[process])
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *tally) int { return cmp.Or(cmp.Compare(b.mean(), a.mean()), cmp.Compare(a.name, b.name)) })
	width := len("worker")
	for _, t := range all {
		width = max(width, utf8.RuneCountInString(t.name))
	}
	ms := func(us float64) string { return fmt.Sprintf("%.4g ms", us/1000/scale) }
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s %9s %12s %12s\n", width, "worker", "jobs", "mean time", "longest")
	for _, t := range all {
		fmt.Fprintf(&b, "%-*s %9d %12s %12s\n", width, t.name, t.jobs, ms(t.mean()), ms(float64(t.longest)))
	}
	return b.String()
}
