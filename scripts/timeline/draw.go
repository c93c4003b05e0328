package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A view is which part of a trace is drawn, and how large. Times are in ms of the
// drawing.
type view struct {
	from, length float64
	width        int
	scale        float64
}

// possible reports whether there is such a drawing.
func (v *view) possible() bool {
	const most = 1e12
	within := func(x float64) bool { return x >= 0 && x <= most } // and a number
	return v.width >= 10 && v.scale > 0 && within(v.scale) && within(v.from) && within(v.length)
}

const legend = "r reading a result   w writing a job   . waiting for i/o   + processor free   blank: working"

// draw draws rows under a time scale that begins with the first thing in them.
func draw(rows []*row, v view) string {
	first, last := limits(rows)
	us := 1000 * v.scale // of a ms of the drawing
	length := v.length
	if length == 0 {
		length = float64(last-first)/us - v.from
	}
	step := round(length / float64(v.width))
	columns := max(1, int(math.Ceil(length/step-1e-9)))

	names := len("ms")
	for _, r := range rows {
		names = max(names, utf8.RuneCountInString(r.name))
	}
	var b strings.Builder
	margin := func(name string) { fmt.Fprintf(&b, "%-*s ", names, name) }
	margin("ms")
	b.WriteString(numbers(v.from, step, columns) + "\n")
	margin("")
	b.WriteString(strings.TrimRight(ticks(columns), " ") + "\n")
	for _, r := range rows {
		margin(r.name)
		at := func(column float64) int64 { return first + int64((v.from+column*step)*us) }
		for i := range columns {
			b.WriteByte(r.cell(at(float64(i)), at(float64(i+1))))
		}
		from, to := at(0), min(at(float64(columns)), last)
		idle := 100 * (1 - float64(r.running.within(from, to))/float64(max(1, to-from)))
		fmt.Fprintf(&b, " %3.0f %% idle\n", math.Abs(idle))
	}
	b.WriteString(legend + "\n")
	if v.scale != 1 {
		fmt.Fprintf(&b, "Each ms here was %g ms.\n", v.scale)
	}
	return b.String()
}

// limits are the first and the last moment of anything in the rows.
func limits(rows []*row) (first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	for _, r := range rows {
		for _, s := range []spans{r.running, r.way, r.results, r.jobs} {
			if n := len(s); n > 0 {
				first, last = min(first, s[0].from), max(last, s[n-1].to)
			}
		}
	}
	return first, last
}

// cell is what stands for the time [from,to): what there is most of in it.
func (r *row) cell(from, to int64) byte {
	const looks = 8
	const signs = "rw .+"
	var seen [len(signs)]int
	best := 0
	for i := range int64(looks) {
		k := strings.IndexByte(signs, r.at(from+(to-from)*(2*i+1)/(2*looks)))
		if seen[k]++; seen[k] > seen[best] {
			best = k
		}
	}
	return signs[best]
}

// at is what the slot does at a moment. What the wire carries meanwhile is shown
// also while it works.
func (r *row) at(t int64) byte {
	switch {
	case r.results.has(t):
		return 'r'
	case r.jobs.has(t):
		return 'w'
	case r.running.has(t):
		return ' '
	case r.way.has(t):
		return '.'
	}
	return '+'
}

// round returns the least of 1, 2, 2.5 and 5 times a power of ten that is not less
// than x.
func round(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(x, 1e-3))))
	for _, n := range []float64{1, 2, 2.5, 5} {
		if n*power >= x*(1-1e-9) {
			return n * power
		}
	}
	return 10 * power
}

// apart is how many columns lie between two numbers of the scale.
const apart = 10

func numbers(from, step float64, columns int) string {
	var b strings.Builder
	for i := 0; i < columns; i += apart {
		b.WriteString(strings.Repeat(" ", max(0, i-b.Len())))
		b.WriteString(strconv.FormatFloat(math.Round((from+float64(i)*step)*1e4)/1e4, 'f', -1, 64))
	}
	return b.String()
}

func ticks(columns int) string {
	b := []byte(strings.Repeat(" ", columns))
	for i := 0; i < columns; i += apart {
		b[i] = '|'
	}
	return string(b)
}
