// Command bench runs jobpipe beside the programs one would take instead, on the
// same input, and prints how they compare.
//
// Machines differ and are seldom idle, so a time alone says little. Each
// comparison is made of pairs: jobpipe and the peer run one right after the
// other, taking turns at being first, and what counts is the median of the
// pairs' ratios. A program whose output is not what it should be is not timed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

func main() {
	jobs := flag.Int("jobs", 2_000, "jobs of one process each")
	lines := flag.Int("lines", 20_000_000, "jobs in line mode")
	pairs := flag.Int("pairs", 7, "pairs of runs in a comparison")
	budget := flag.Duration("budget", 45*time.Second, "time after which a comparison makes no more than three pairs")
	flag.Parse()
	if err := compareAll(*jobs, *lines, *pairs, *budget); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// compareAll makes all comparisons and prints them as a table. The error is of
// jobpipe's runs; what peers do wrong is said in the table.
func compareAll(jobs, lines, pairs int, budget time.Duration) error {
	dir, err := os.MkdirTemp("", "jobpipe-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	few, err := numbers(filepath.Join(dir, "few"), jobs)
	if err != nil {
		return err
	}
	many, err := numbers(filepath.Join(dir, "many"), lines)
	if err != nil {
		return err
	}

	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "jobs\tjobpipe\ttime\tpeer\ttime\tratio\tgoal")
	for _, c := range contests(few, many) {
		fmt.Fprintln(os.Stderr, "bench:", c.jobpipe, "beside", c.peer)
		row, err := c.compare(pairs, budget)
		if err != nil {
			return err
		}
		fmt.Fprintln(table, row)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Println("\nMedians of times, and of the ratios peer to jobpipe of each pair: above 1, jobpipe is faster.")
	return nil
}
