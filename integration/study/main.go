// Command study repeats the study that jobpipe began with, and draws it. Two
// coordinators give jobs to three workers, each behind a link of its own that
// takes half a millisecond to carry a job and half a millisecond to carry a
// result:
//
//   - a blocking one, which serves the workers in turn: it receives a result, sends
//     a job, and goes to the next (blocking.go);
//   - jobpipe.
//
// The workers are jobpipe-worker in both cases, and the frames the same. A job is
// a wait (processor.go), so that three processors fit into one machine. All times
// are ten times as long as the study's, since timers are good to about a
// millisecond; what is printed is in the study's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// scale is how many milliseconds here are one of the study.
const scale = 10

// unit is a millisecond of the study.
const unit = scale * time.Millisecond

// linkTime is how long a link takes to carry a job or a result.
const linkTime = unit / 2

func main() {
	if len(os.Args) == 3 && os.Args[1] == "process" {
		process(os.Args[2])
		return
	}
	jobs := flag.Int("jobs", 1000, "jobs in each of the four runs")
	bin := flag.String("bin", "bin", "`directory` of jobpipe, jobpipe-worker and timeline")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := study(ctx, *bin, *jobs); err != nil {
		fmt.Fprintln(os.Stderr, "study:", err)
		os.Exit(1)
	}
}

// study makes the four runs and prints the drawings and the table.
func study(ctx context.Context, bin string, jobs int) error {
	dir, err := os.MkdirTemp("", "jobpipe-study-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var list []outcome
	for _, works := range [][]int{{2, 2, 2}, {3, 2, 1}} {
		for _, c := range []coordinator{blocking, nonBlocking} {
			r := run{ctx: ctx, bin: bin, dir: filepath.Join(dir, fmt.Sprint("run", len(list))), works: works, jobs: jobs}
			merged, err := r.trace(c)
			if err != nil {
				return fmt.Errorf("%v, %s: %w", works, c.name, err)
			}
			o, err := measure(merged, works)
			if err != nil {
				return err
			}
			o.coordinator = c.name
			list = append(list, o)
			fmt.Printf("Workers of %d, %d and %d ms, %s:\n\n", works[0], works[1], works[2], c.name)
			if err := draw(ctx, filepath.Join(bin, "timeline"), merged); err != nil {
				return err
			}
			fmt.Println()
		}
	}
	printTable(os.Stdout, list)
	return nil
}

// draw shows some milliseconds from the middle of a run.
func draw(ctx context.Context, timeline, merged string) error {
	in, err := os.Open(merged)
	if err != nil {
		return err
	}
	defer in.Close()
	cmd := exec.CommandContext(ctx, timeline, "-scale", fmt.Sprint(scale), "-from", "100", "-for", "15", "-width", "60")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, os.Stdout, os.Stderr
	return cmd.Run()
}
