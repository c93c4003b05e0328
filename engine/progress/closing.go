package progress

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-runewidth"

	"github.com/jobpipe/jobpipe/engine/live"
)

const (
	closingRoom = 80 - len("jobpipe: ") // columns of a line
	tellsBrakes = time.Second           // in less there is nothing to be said about them
	notable     = 0.01                  // a share that is named
	large       = 0.2                   // one whose part is named, too
	slower      = 1.5                   // so many times as slow as the others is worth a word
	fewWorkers  = 4                     // are all named
)

// Closing words how a run went, a few lines for people.
func Closing(c *live.Closing) (lines []string) {
	add := func(text string) {
		if text != "" {
			lines = append(lines, runewidth.Truncate(text, closingRoom, "…"))
		}
	}
	if c.Done == 0 && c.Left == 0 {
		return nil
	}
	add(jobsLine(c))
	add(causesLine(c))
	add(workersLine(c))
	add(slowestLine(c))
	add(brakesLine(c))
	return lines
}

func jobsLine(c *live.Closing) string {
	text := fmt.Sprintf("%s in %s", plural(c.Done, "job"), span(c.Took))
	if c.Done > 1 && c.Took > 0 {
		text += " (" + perTime(float64(c.Done)/c.Took.Seconds()) + ")"
	}
	if c.Failed > 0 {
		text += fmt.Sprintf(", %s failed", humanize.Comma(c.Failed))
	}
	if c.Retried > 0 {
		text += fmt.Sprintf(", %s tried again", humanize.Comma(c.Retried))
	}
	if c.Left > 0 {
		text += fmt.Sprintf(", %s not done", humanize.Comma(c.Left))
	}
	return text
}

// causesLine names as many causes as there is room for, but one at least.
func causesLine(c *live.Closing) (text string) {
	for n := len(c.Causes); n > 0; n-- {
		parts, rest := []string{}, c.Failed
		for _, cause := range c.Causes[:n] {
			if cause.Why != "" {
				parts = append(parts, fmt.Sprintf("%s (%s)", cause.Why, humanize.Comma(cause.Count)))
				rest -= cause.Count
			}
		}
		if rest > 0 {
			parts = append(parts, fmt.Sprintf("others (%s)", humanize.Comma(rest)))
		}
		if text = "failed: " + strings.Join(parts, ", "); columns(text) <= closingRoom {
			break
		}
	}
	return text
}

// workersLine says how busy workers were; of many, the least and the most busy.
func workersLine(c *live.Closing) string {
	if len(c.Workers) == 0 || c.All.Slots == 0 {
		return ""
	}
	all := slices.Clone(c.Workers)
	slices.SortFunc(all, func(a, b live.Share) int {
		return cmp.Or(cmp.Compare(busy(b.Total), busy(a.Total)), cmp.Compare(a.Name, b.Name))
	})
	named := func(some []live.Share) string {
		parts := make([]string, 0, len(some))
		for _, w := range some {
			parts = append(parts, fmt.Sprintf("%s %s", runewidth.Truncate(w.Name, 20, "…"), percentOf(busy(w.Total))))
		}
		return strings.Join(parts, ", ")
	}
	text := fmt.Sprintf("%s, busy %s", plural(int64(c.Joined), "worker"), percentOf(busy(c.All)))
	switch {
	case c.Joined == 1:
		return text
	case c.Joined <= fewWorkers:
		return text + " of the time: " + named(all)
	}
	return fmt.Sprintf("%s; most: %s; least: %s", text, named(all[:1]), named(all[max(1, len(all)-2):]))
}

// slowestLine names the worker whose jobs took longest, if that is much longer than
// those of the others.
func slowestLine(c *live.Closing) string {
	var slowest *live.Share
	var done int64
	for i := range c.Workers {
		w := &c.Workers[i]
		if done += w.Done; w.Done > 0 && (slowest == nil || each(w.Worked, w.Done) > each(slowest.Worked, slowest.Done)) {
			slowest = w
		}
	}
	if slowest == nil || done == slowest.Done {
		return ""
	}
	others := each(c.All.Worked-slowest.Worked, done-slowest.Done)
	if each(slowest.Worked, slowest.Done) < slower*others {
		return ""
	}
	return fmt.Sprintf("slowest: %s, %s a job; the others took %s", runewidth.Truncate(slowest.Name, 20, "…"),
		span(seconds(each(slowest.Worked, slowest.Done))), span(seconds(others)))
}

// brakesLine says what held the run back most, and what else did.
func brakesLine(c *live.Closing) string {
	if c.Took < tellsBrakes {
		return ""
	}
	b := &c.Brakes
	workers := "workers"
	switch {
	case b[live.Absent] > large && b[live.Absent] > b[live.Last]:
		workers += fmt.Sprintf(" (none was there %s)", percentOf(b[live.Absent]))
	case b[live.Last] > large:
		workers += fmt.Sprintf(" (the last jobs %s)", percentOf(b[live.Last]))
	}
	type part struct {
		name  string
		share float64
	}
	parts := []part{
		{"input", b[live.Input]},
		{workers, b[live.Working] + b[live.Absent] + b[live.Last]},
		{"network", b[live.Network]},
		{"stdout", b[live.Stdout]},
		{"--rate", b[live.Rate]},
		{"jobpipe itself", b[live.Itself]},
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.share, a.share) })
	text := fmt.Sprintf("held back most by %s, %s of the time", parts[0].name, percentOf(parts[0].share))
	join := "; then "
	for _, p := range parts[1:] {
		more := fmt.Sprintf("%s%s %s", join, p.name, percentOf(p.share))
		if p.share < notable || len(text+more) > closingRoom {
			break
		}
		text += more
		join = ", "
	}
	return text
}

// busy is the share of slot-time in which jobs ran.
func busy(t live.Total) float64 {
	if t.Slots == 0 {
		return 0
	}
	return min(t.Worked/t.Slots, 1)
}

func percentOf(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func each(worked float64, jobs int64) float64 { return worked / float64(max(jobs, 1)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// span is a time with two or three figures, which are enough.
func span(d time.Duration) string {
	figures := func(x float64, unit string) string {
		switch {
		case x < 10:
			return fmt.Sprintf("%.2f %s", x, unit)
		case x < 100:
			return fmt.Sprintf("%.1f %s", x, unit)
		}
		return fmt.Sprintf("%.0f %s", x, unit)
	}
	s := d.Seconds()
	switch {
	case s < 1e-3:
		return figures(s*1e6, "µs")
	case s < 1:
		return figures(s*1e3, "ms")
	case s < 120:
		return figures(s, "s")
	case s < 2*3600:
		return fmt.Sprintf("%d min %d s", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%d h %d min", int(math.Round(s/60))/60, int(math.Round(s/60))%60)
}
