// Command memory puts jobpipe into the situations in which results pile up, and
// shows how much memory both sides have had at most, as a table. Results are
// checked: the right number of bytes has to come, in the right order.
//
// A situation passes when the coordinator stays below --buffer and 64 MiB more,
// and the worker, which has no such flag, below 64 MiB.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
)

// allowance is what a process may have, and the coordinator --buffer besides.
const allowance = 64 << 20

// A load is how much the situations are about.
type load struct {
	buffer  int64 // of the coordinator
	bytes   int64 // of results that pile up
	pause   time.Duration
	workers int
}

// A situation is one in which results pile up.
type situation struct {
	name string
	play func(ctx context.Context, s *stage, l load) error
}

func main() {
	var l load
	buffer := flag.String("buffer", "256MiB", "--buffer of the coordinator")
	bytes := flag.String("bytes", "2GiB", "of results that pile up, and of the one large result")
	flag.DurationVar(&l.pause, "pause", 20*time.Second, "for which nobody reads stdout")
	flag.IntVar(&l.workers, "workers", 10_000, "that answer at once")
	only := flag.String("only", "", "play only the situations whose name matches this `regexp`")
	flag.Parse()

	chosen, err := regexp.Compile(*only)
	for size, text := range map[*int64]string{&l.buffer: *buffer, &l.bytes: *bytes} {
		n, e := humanize.ParseBytes(text)
		if *size = int64(n); e != nil {
			err = e
		}
	}
	if err == nil {
		err = play(l, chosen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "memory:", err)
		os.Exit(1)
	}
}

// play plays the situations and prints the table.
func play(l load, chosen *regexp.Regexp) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(table, "results pile up: --buffer %s\tcoordinator\tits limit\tworker\ttook\n", humanize.IBytes(uint64(l.buffer)))
	var failure error
	for _, one := range situations(l) {
		if !chosen.MatchString(one.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "memory:", one.name)
		s, err := newStage(ctx)
		if err != nil {
			return err
		}
		began := time.Now()
		err = one.play(ctx, s, l)
		s.close()
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		worker := "-"
		if s.worker > 0 {
			worker = mebibytes(s.worker)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.0f s\n", one.name, mebibytes(s.coordinator), mebibytes(l.buffer+allowance), worker, time.Since(began).Seconds())
		if s.coordinator > l.buffer+allowance || s.worker > allowance {
			failure = fmt.Errorf("%s: that is more memory than they may have", one.name)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return failure
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
