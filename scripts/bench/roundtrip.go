package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// roundTrip is a side with one job at a time: a line is written once the answer
// to the one before has been read, all through one run of a filter.
type roundTrip struct {
	filter
	trips int
}

// warmUp is how many trips are made before those that count.
const warmUp = 100

func (t *roundTrip) jobs() int { return t.trips }

func (t *roundTrip) check(ctx context.Context) error {
	_, err := t.rate(ctx)
	return err
}

// rate is that of the median trip.
func (t *roundTrip) rate(ctx context.Context) (float64, error) {
	stdin, jobs, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer stdin.Close()
	defer jobs.Close()
	answers, stdout, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer answers.Close()
	ended := make(chan error, 1)
	go func() {
		err := t.run(ctx, stdin, stdout)
		stdout.Close() // the reader of answers finds the end
		ended <- err
	}()
	median, err := t.travel(jobs, answers)
	jobs.Close()
	if err := errors.Join(err, <-ended); err != nil {
		return 0, err
	}
	return 1 / median, nil
}

// travel makes the trips and returns the median of their times, in seconds.
func (t *roundTrip) travel(jobs io.Writer, answers io.Reader) (float64, error) {
	in := bufio.NewReader(answers)
	var times []float64
	for i := range warmUp + t.trips {
		job := strconv.Itoa(i) + "\n"
		begin := time.Now()
		if _, err := io.WriteString(jobs, job); err != nil {
			return 0, err
		}
		answer, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if answer != job {
			return 0, fmt.Errorf("%q answers %q", answer, job)
		}
		if i >= warmUp {
			times = append(times, time.Since(begin).Seconds())
		}
	}
	return median(times), nil
}

// bound is a side that is no program but a rate to reach.
type bound struct{ jobsPerSecond float64 }

func (b bound) String() string                        { return "a bound of " + microseconds(b.jobsPerSecond) }
func (b bound) jobs() int                             { return 0 }
func (b bound) start(context.Context) error           { return nil }
func (b bound) stop()                                 {}
func (b bound) check(context.Context) error           { return nil }
func (b bound) rate(context.Context) (float64, error) { return b.jobsPerSecond, nil }
