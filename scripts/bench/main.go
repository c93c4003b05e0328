// Command bench runs jobpipe beside the programs one would take instead, and
// shows how they compare, as a table and as a picture.
//
// Machines differ and are seldom idle, so a time alone says little. Each
// contest is made of pairs: jobpipe and the peer run one right after the other,
// taking turns at being first, and what counts is the median of the pairs'
// ratios. A program whose output is not what it should be is not timed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"
)

func main() {
	var size sizes
	flag.IntVar(&size.jobs, "jobs", 2_000, "jobs of one process each")
	flag.IntVar(&size.lines, "lines", 20_000_000, "jobs in line mode")
	flag.IntVar(&size.queued, "queued", 500_000, "jobs through a broker")
	flag.IntVar(&size.large, "large", 2_000, "jobs of 1 MiB")
	flag.IntVar(&size.words, "words", 10_000_000, "words over a slow link")
	flag.IntVar(&size.trips, "trips", 2_000, "round trips of a job alone")
	pairs := flag.Int("pairs", 7, "pairs of runs in a contest")
	budget := flag.Duration("budget", 12*time.Second, "time after which a contest makes no more than three pairs")
	only := flag.String("only", "", "hold only the contests whose description matches this `regexp`")
	list := flag.Bool("list", false, "print the descriptions of the contests and exit")
	svg := flag.String("svg", "", "draw the ratios into this `file`")
	flag.Parse()

	chosen, err := regexp.Compile(*only)
	if err == nil {
		err = bench(size, chosen, *list, *svg, *pairs, *budget)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench holds the chosen contests, prints the table and draws the picture. The
// error is of jobpipe's runs; what peers do wrong is said in the table.
func bench(size sizes, chosen *regexp.Regexp, list bool, svg string, pairs int, budget time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "jobpipe-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	held := slices.DeleteFunc(contests(dir, size), func(c contest) bool { return !chosen.MatchString(c.String()) })
	if len(held) == 0 {
		return errors.New("no contest matches -only")
	}
	var results []result
	var failed error
	for _, c := range held {
		if list {
			fmt.Println(c)
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", c)
		r := c.hold(ctx, pairs, budget)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		failed = errors.Join(failed, r.failed)
		results = append(results, r)
	}
	if list {
		return nil
	}
	printTable(os.Stdout, results)
	if svg != "" {
		failed = errors.Join(failed, os.WriteFile(svg, picture(results), 0o644))
	}
	return failed
}
