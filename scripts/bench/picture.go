package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"runtime"
)

// Measures of the picture.
const (
	width     = 880.0
	chartLeft = 380.0
	chartEnd  = 810.0
	top       = 64.0
	rowHeight = 36.0
	barHeight = 16.0
	bottom    = 44.0
)

// axis maps ratios to places: a decade takes as much room as any other.
type axis struct{ low, high float64 } // powers of ten

// axisOf has room for every ratio and goal, and for 1.
func axisOf(results []result) axis {
	low, high := 1.0, 1.0
	for _, r := range results {
		for _, v := range []float64{r.ratio, r.goal} {
			if v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	a := axis{math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))}
	a.high = max(a.high, a.low+1)
	return a
}

func (a axis) at(ratio float64) float64 {
	return chartLeft + (math.Log10(ratio)-a.low)/(a.high-a.low)*(chartEnd-chartLeft)
}

// picture draws a bar for each result, from 1 to its ratio.
func picture(results []result) []byte {
	a := axisOf(results)
	height := top + rowHeight*float64(len(results)) + bottom
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-labelledby="title">
  <title id="title">How many times as fast as its peers jobpipe is, a bar for each</title>
  <style>
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .head { font-size: 15px; font-weight: 600 }
    .peer { font-weight: 600 }
    .small { font-size: 11.5px; fill: #57606a }
    .mid { text-anchor: middle }
    .panel { fill: #ffffff; stroke: #d0d7de }
    .grid { stroke: #d0d7de }
    .one { stroke: #57606a; stroke-width: 1.5 }
    .bar { fill: #0969da }
    .missed { fill: #bc4c00 }
    .goal { stroke: #24292f; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .small { fill: #9198a1 }
      .panel { fill: #0d1117; stroke: #3d444d }
      .grid { stroke: #3d444d }
      .one { stroke: #9198a1 }
      .bar { fill: #4493f8 }
      .missed { fill: #f0883e }
      .goal { stroke: #e6edf3 }
    }
  </style>
  <rect class="panel" x="0.5" y="0.5" width="%.0f" height="%.0f" rx="10"/>
  <text class="head" x="16" y="28">How many times as fast as its peers jobpipe is</text>
`, width, height, width, height, width-1, height-1)

	end := height - bottom
	for d := a.low; d <= a.high; d++ {
		x, class := a.at(math.Pow(10, d)), "grid"
		if d == 0 {
			class = "one"
		}
		fmt.Fprintf(&b, "  <path class=%q d=\"M%.1f %.0fV%.0f\"/>\n", class, x, top-6, end)
		fmt.Fprintf(&b, "  <text class=\"small mid\" x=\"%.1f\" y=\"%.0f\">%s</text>\n", x, top-12, decade(d))
	}
	for i, r := range results {
		drawRow(&b, a, r, top+rowHeight*float64(i))
	}
	fmt.Fprintf(&b, "  <text class=\"small\" x=\"16\" y=\"%.0f\">Logarithmic. Orange: behind the goal, the upright stroke. Medians of pairs on %d processors, %s/%s, by make bench.</text>\n</svg>\n",
		height-16, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	return b.Bytes()
}

// drawRow draws a result whose row begins at y.
func drawRow(b *bytes.Buffer, a axis, r result, y float64) {
	fmt.Fprintf(b, "  <text class=\"peer\" x=\"16\" y=\"%.0f\">%s</text>\n", y+13, html.EscapeString(r.peer.String()))
	fmt.Fprintf(b, "  <text class=\"small\" x=\"16\" y=\"%.0f\">%s: %s</text>\n",
		y+28, html.EscapeString(r.work), html.EscapeString(r.jobpipe.String()))
	barTop := y + 5
	if r.ratio == 0 {
		reason := "not compared"
		if r.failed == nil {
			reason = r.absent
		}
		fmt.Fprintf(b, "  <text class=\"small\" x=\"%.1f\" y=\"%.0f\">%s</text>\n", a.at(1)+6, barTop+12, html.EscapeString(reason))
		return
	}
	class := "bar"
	if r.missed() {
		class = "missed"
	}
	from, to := min(a.at(1), a.at(r.ratio)), max(a.at(1), a.at(r.ratio))
	fmt.Fprintf(b, "  <rect class=%q x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%.0f\" rx=\"2\"/>\n",
		class, from, barTop, max(1, to-from), barHeight)
	if r.goal > 0 {
		x := a.at(r.goal)
		fmt.Fprintf(b, "  <path class=\"goal\" d=\"M%.1f %.0fv%.0f\"/>\n", x, barTop-3, barHeight+6)
		to = max(to, x)
	}
	fmt.Fprintf(b, "  <text x=\"%.1f\" y=\"%.0f\">%s×</text>\n", to+6, barTop+12, times(r.ratio))
}

// decade is a power of ten as a ratio, in little room.
func decade(exponent float64) string {
	switch {
	case exponent < 0:
		return fmt.Sprintf("%.*f×", int(-exponent), math.Pow(10, exponent))
	case exponent < 3:
		return fmt.Sprintf("%.0f×", math.Pow(10, exponent))
	case exponent < 6:
		return fmt.Sprintf("%.0fk×", math.Pow(10, exponent-3))
	}
	return fmt.Sprintf("%.0fM×", math.Pow(10, exponent-6))
}
