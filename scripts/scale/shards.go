//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// A dealing is a trial whose jobs and workers are dealt out to several coordinators, on
// this one machine: what they cost together is what one would.
type dealing struct {
	coordinators int
	trial        // of all together
}

// run makes the trials of all at the same time.
func (d dealing) run(program string) (o outcome, err error) {
	each := d.trial
	each.jobs /= d.coordinators
	each.workers /= d.coordinators
	all := make([]outcome, d.coordinators)
	failures := make([]error, d.coordinators)
	before := processorTime(os.Getpid())
	var trials sync.WaitGroup
	for i := range all {
		trials.Go(func() { all[i], failures[i] = each.run(program) })
	}
	trials.Wait()
	o = outcome{trial: d.trial, here: processorTime(os.Getpid()) - before}
	for _, one := range all {
		o.wall = max(o.wall, one.wall)
		o.there += one.there
		o.peak = max(o.peak, one.peak)
	}
	return o, errors.Join(failures...)
}

// dealings are floods of jobs that take no time, and jobs that go alone.
func dealings(most, crowd int) (list []dealing) {
	for _, t := range []trial{
		{min(most, 20_000_000), 8, 100, 0},
		{min(most, 400_000), min(crowd, 1000), 1, 10 * time.Millisecond},
	} {
		for n := 1; n <= 4; n *= 2 {
			list = append(list, dealing{n, t})
		}
	}
	return list
}

// printDealings runs the trials and prints a row for each.
func printDealings(program string, list []dealing) error {
	fmt.Printf("jobs dealt out to several coordinators on this machine:\n\n")
	fmt.Println("| coordinators | jobs | of | workers | time | jobs/s | processor time a job | memory of each |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, d := range list {
		o, err := d.run(program)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %s | %v | %s | %.2f s | %s | %.2f µs | %d MiB |\n", d.coordinators, commas(d.jobs), d.took,
			commas(d.workers), o.wall.Seconds(), commas(int(float64(d.jobs)/o.wall.Seconds())),
			o.there.Seconds()*1e6/float64(d.jobs), o.peak>>20)
	}
	fmt.Println()
	return nil
}
