package progress

import (
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Counts is where a run stands.
type Counts struct {
	Read    int64 // jobs of the input so far
	Ended   bool  // and there are no more
	Done    int64 // with a result, or failed for good
	Failed  int64 // of those, the failed ones
	Running int64
	Workers int
	Waits   string // what the run waits for; empty: nothing out of the ordinary
}

// A Line words Counts. One goroutine may use it.
type Line struct {
	total   func() int64
	width   func() int
	pace    Pace
	bar     mpb.BarFiller
	percent decor.Decorator
	left    decor.Decorator
}

// New makes a line. total gives the number of jobs in the input, or -1 while
// that is not known; width the columns of the terminal, or 0 where there is
// none, and no bound.
func New(total func() int64, width func() int) *Line {
	l := &Line{
		total: total, width: width,
		bar:     mpb.BarStyle().Padding(" ").Build(),
		percent: decor.NewPercentage("%d"),
	}
	l.left = decor.MovingAverageETA(decor.ET_STYLE_MMSS, &l.pace, nil)
	return l
}

// What there is room for, from the first to be left out to the last.
const (
	running = iota
	rate
	percent
	workers
	left
	failed
	waits
	done // never left out
	kinds
)

// Render returns the line, without a newline, which leaves the last column
// free: some terminals go to the next line when it is written.
func (l *Line) Render(now time.Time, c Counts) string {
	l.pace.Observe(now, c.Done, c.Running)
	total := known(l.total(), c.Read, c.Ended)
	stat := decor.Statistics{Total: total, Current: min(c.Done, total), Completed: c.Done >= total}

	var parts [kinds]string
	parts[done] = humanize.Comma(c.Done)
	if total > 0 {
		parts[done] += "/" + humanize.Comma(total)
		parts[percent], _ = l.percent.Decor(stat)
	} else {
		parts[done] += " done"
	}
	parts[failed] = humanize.Comma(c.Failed) + " failed"
	over := c.Ended && c.Done == c.Read && c.Waits == ""
	goesOn := c.Waits == "" || c.Running > 0 && (total < 0 || c.Done+c.Running < total)
	if goesOn || over {
		parts[rate] = l.rate()
	}
	if goesOn && !over && total > 0 {
		parts[left] = l.timeLeft(stat)
	}
	if !over {
		if parts[waits] = c.Waits; c.Waits == "" {
			parts[running] = humanize.Comma(c.Running) + " running"
		}
		if c.Workers > 0 {
			parts[workers] = plural(int64(c.Workers), "worker")
		}
	}

	width := l.width()
	if width <= 0 {
		return "jobpipe: " + join(parts, "")
	}
	return l.fit(parts, stat, width-1)
}

// fit leaves out what there is no room for, and draws a bar into the rest.
func (l *Line) fit(parts [kinds]string, stat decor.Statistics, room int) string {
	const leastBar, mostBar, gap = 10, 32, 1
	for i := range done {
		if columns(join(parts, "")) <= room {
			break
		}
		if i == waits {
			parts[waits] = shorten(parts[waits], room-columns(parts[done]+", "))
		} else {
			parts[i] = ""
		}
	}
	if n, _, cut := strings.Cut(parts[done], "/"); cut && columns(parts[done]) > room {
		parts[done] = n
	}
	text := join(parts, "")
	if columns(text) > room {
		return text[:max(room, 0)] // a number
	}
	stat.AvailableWidth = min(room-columns(text)-gap, mostBar)
	if stat.Total <= 0 || stat.AvailableWidth < leastBar {
		return text
	}
	var bar strings.Builder
	_ = l.bar.Fill(&bar, stat) // a Builder takes everything
	return join(parts, bar.String())
}

// columns is how many a text takes on a terminal: names of workers may hold wide
// characters, and such that take none.
func columns(text string) int { return runewidth.StringWidth(text) }

// shorten cuts a text so that it fits, and leaves it out where little would be left.
func shorten(text string, room int) string {
	const least = 12
	if room < least {
		return ""
	}
	return runewidth.Truncate(text, room, "…")
}

// join puts the parts, and the bar behind the first one, in a row.
func join(parts [kinds]string, bar string) string {
	row := parts[done]
	if bar != "" {
		row += " " + bar
	}
	if parts[percent] != "" {
		row += " " + parts[percent]
	}
	for _, i := range [...]int{rate, left, waits, workers, running, failed} {
		if parts[i] != "" {
			row += ", " + parts[i]
		}
	}
	return row
}

// timeLeft is empty while there is no telling.
func (l *Line) timeLeft(stat decor.Statistics) string {
	const mostTold = 1000 * time.Hour // the longest that is told
	remaining := stat.Total - stat.Current
	took := l.pace.Value()
	if remaining == 0 || took == 0 || float64(remaining)*math.Ceil(took) > float64(mostTold) {
		return ""
	}
	s, _ := l.left.Decor(stat)
	return s + " left"
}

// rate gives jobs a second, a minute or an hour.
func (l *Line) rate() string {
	took := l.pace.Value()
	if took == 0 {
		return ""
	}
	return perTime(float64(time.Second) / took)
}

// perTime words so many a second, or as so many a minute or an hour, whatever
// needs no small fractions.
func perTime(n float64) string {
	unit := "/s"
	if n < 1 {
		n, unit = n*60, "/min"
	}
	if n < 1 {
		n, unit = n*60, "/h"
	}
	if n < 100 {
		return humanize.FormatFloat("#.#", n) + unit
	}
	return humanize.Comma(int64(math.Round(n))) + unit
}

func plural(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return humanize.Comma(n) + " " + what
}
