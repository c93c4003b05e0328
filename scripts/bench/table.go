package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
)

// unit says a rate of jobs a second for people.
type unit func(jobsPerSecond float64) string

func jobsPerSecond(v float64) string { return si(v) + "/s" }

// mebibytesPerSecond is for jobs of 1 MiB.
func mebibytesPerSecond(v float64) string { return si(v*(1<<20)) + "B/s" }

// microseconds is for jobs one after another.
func microseconds(v float64) string { return fmt.Sprintf("%.0f µs", 1e6/v) }

// si rounds to three digits.
func si(v float64) string {
	prefixes := []string{"", " k", " M", " G", " T"}
	i := 0
	for v >= 999.5 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	return digits(v) + prefixes[i]
}

// digits is a number with as many decimals as make three digits.
func digits(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// times is a ratio, with commas between its thousands.
func times(v float64) string {
	if v < 999.5 {
		return digits(v)
	}
	return humanize.Comma(int64(math.Round(v)))
}

// missed reports whether there is a goal that was not reached.
func (r result) missed() bool { return r.ratio < r.goal }

// verdict is the goal and whether it was reached.
func (r result) verdict() string {
	switch {
	case r.goal == 0:
		return ""
	case r.missed():
		return digits(r.goal) + " MISSED"
	}
	return digits(r.goal) + " reached"
}

// printTable prints the results, a row each, readable as it is and as Markdown.
func printTable(w io.Writer, results []result) {
	table := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(table, "| "+strings.Join(cells, "\t| ")+"\t|") }
	row("work", "jobpipe", "jobs", "rate", "peer", "jobs", "rate", "ratio", "goal")
	row("---", "---", "--:", "--:", "---", "--:", "--:", "--:", "---")
	for _, r := range results {
		ours, theirs, ratio, goal := "", "", "", ""
		switch {
		case r.failed != nil:
			ours = "failed"
		case r.absent != "":
			theirs = r.absent
		default:
			ours, theirs, ratio, goal = r.unit(r.ours), r.unit(r.theirs), times(r.ratio), r.verdict()
		}
		row(r.work, "`"+r.jobpipe.String()+"`", count(r.jobpipe), ours, "`"+r.peer.String()+"`", count(r.peer), theirs, ratio, goal)
	}
	table.Flush()
	fmt.Fprint(w, `
Medians of rates, and of the ratios of each pair: above 1, jobpipe is faster.
Where the numbers of jobs differ, the slower side got fewer: rates are compared.
`)
}

func count(s side) string {
	if s.jobs() == 0 {
		return ""
	}
	return humanize.Comma(int64(s.jobs()))
}
