// Command timeline draws a trace of jobpipe --trace as text: a row for each slot,
// under a time scale; and below a whole run, how long jobs took on each worker.
//
//	jobpipe --trace run.json -- ./process.sh < jobs.txt > results.txt
//	go run ./scripts/timeline -for 50 < run.json
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/jobpipe/jobpipe/engine/trace"
)

func main() {
	var v view
	flag.Float64Var(&v.from, "from", 0, "begin at this `ms` of the drawing")
	flag.Float64Var(&v.length, "for", 0, "draw so many `ms` (default all)")
	flag.IntVar(&v.width, "width", 72, "columns of the drawing")
	flag.Float64Var(&v.scale, "scale", 1, "draw each ms of the trace as 1/`n` ms")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: timeline [flags] < TRACE\n\nDraws a trace of jobpipe --trace as text.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || !v.possible() {
		flag.Usage()
		os.Exit(2)
	}
	if err := timeline(os.Stdin, os.Stdout, v); err != nil {
		fmt.Fprintln(os.Stderr, "timeline:", err)
		os.Exit(1)
	}
}

// timeline draws the trace that it reads.
func timeline(in io.Reader, out io.Writer, v view) error {
	var c chart
	for e, err := range trace.Read(bufio.NewReader(in)) {
		if err != nil {
			return err
		}
		c.add(e)
	}
	rows := c.rows()
	if len(rows) == 0 {
		return fmt.Errorf("no job ran in this trace")
	}
	if first, last := limits(rows); v.from > 0 && v.from*1000*v.scale >= float64(last-first) {
		return fmt.Errorf("this trace ends at %g ms, and so before -from", float64(last-first)/1000/v.scale)
	}
	text := draw(rows, v)
	if v.from == 0 && v.length == 0 {
		text += "\n" + c.workers(v.scale)
	}
	_, err := io.WriteString(out, text)
	return err
}
