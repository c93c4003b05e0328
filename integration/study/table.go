package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// An outcome is how a run went, by its trace. Times are those of the study.
type outcome struct {
	coordinator string
	works       []int
	jobs        int
	rate, ideal float64   // jobs per ms
	idle        []float64 // share of the run, by worker
}

// measure reads a trace. The run is from the first job that was sent to the last
// answer.
func measure(path string, works []int) (outcome, error) {
	in, err := os.Open(path)
	if err != nil {
		return outcome{}, err
	}
	defer in.Close()
	o := outcome{works: works}
	first, last := int64(math.MaxInt64), int64(0)
	busy, process := map[uint64]int64{}, map[string]uint64{}
	for e, err := range trace.Read(bufio.NewReader(in)) {
		if err != nil {
			return o, err
		}
		switch {
		case e.Name == "process_name":
			name, _, _ := strings.Cut(e.Args.Name, " ")
			process[name] = e.Process
		case e.Category == trace.Sent && e.Phase == trace.Begin:
			first = min(first, e.Time)
		case e.Category == trace.Answered && e.Phase == trace.End:
			last = max(last, e.Time)
		case e.Category == trace.Running:
			busy[e.Process] += e.Took
			o.jobs += int(e.Args.Count)
		}
	}
	length := float64(last - first)
	for _, name := range slices.Sorted(maps.Keys(process)) { // they begin with their number
		if id := process[name]; id != 0 {
			o.idle = append(o.idle, 1-float64(busy[id])/length)
		}
	}
	o.rate = float64(o.jobs) / (length / float64(unit.Microseconds()))
	for _, t := range works {
		o.ideal += 1 / float64(t)
	}
	return o, nil
}

// printTable prints the outcomes as Markdown.
func printTable(w io.Writer, list []outcome) {
	fmt.Fprintln(w, "| workers | coordinator | jobs per ms | of the ideal | idle |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|")
	for _, o := range list {
		var times, idle []string
		for i, t := range o.works {
			times = append(times, fmt.Sprint(t))
			idle = append(idle, fmt.Sprintf("%.0f %%", math.Abs(100*o.idle[i])))
		}
		fmt.Fprintf(w, "| %s ms | %s | %.2f | %.1f %% of %.2f | %s |\n",
			strings.Join(times, ", "), o.coordinator, o.rate, 100*o.rate/o.ideal, o.ideal, strings.Join(idle, ", "))
	}
}
