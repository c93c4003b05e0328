package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A contest is one comparison of jobpipe with a peer at the same work.
type contest struct {
	work    string
	jobpipe side
	peer    side
	unit    unit
	goal    float64 // the ratio to reach; 0 for none
}

func (c contest) String() string {
	return fmt.Sprintf("%s: %s beside %s", c.work, c.jobpipe, c.peer)
}

// A side takes part in a contest.
type side interface {
	String() string
	// jobs is the number of jobs in a run, or 0 where nothing runs.
	jobs() int
	// start brings up what has to be there before a run; stop ends it.
	start(context.Context) error
	stop()
	// check runs the side once and looks at what comes out.
	check(context.Context) error
	// rate runs the side once: how many jobs a second.
	rate(context.Context) (float64, error)
}

// errNotHere is for a contest that cannot be held on this machine.
var errNotHere = errors.New("cannot be measured here")

// result is what came of a contest: medians.
type result struct {
	contest
	ours, theirs, ratio float64
	absent              string // why there is nothing to compare with
	failed              error  // what jobpipe did wrong
}

const (
	// fewestPairs is what a median needs at least, however slow a peer is.
	fewestPairs = 3
	// longest is when a run is taken to hang.
	longest = 2 * time.Minute
)

// hold checks both sides and then times them in pairs.
func (c contest) hold(ctx context.Context, pairs int, budget time.Duration) result {
	r := result{contest: c}
	defer c.jobpipe.stop()
	defer c.peer.stop()
	switch err := ready(ctx, c.jobpipe); {
	case errors.Is(err, errNotHere):
		r.absent = err.Error()
		return r
	case err != nil:
		r.failed = err
		return r
	}
	if err := ready(ctx, c.peer); err != nil {
		r.absent = err.Error()
		return r
	}

	var ours, theirs, ratios []float64
	begin := time.Now()
	for i := range pairs {
		if i >= fewestPairs && time.Since(begin) > budget {
			break
		}
		var our, their float64
		sides := []func(){
			func() { our, r.failed = rate(ctx, c.jobpipe) },
			func() {
				var err error
				if their, err = rate(ctx, c.peer); err != nil {
					r.absent = err.Error()
				}
			},
		}
		if i%2 == 1 {
			slices.Reverse(sides)
		}
		for _, run := range sides {
			run()
		}
		if r.failed != nil || r.absent != "" {
			return r
		}
		ours, theirs, ratios = append(ours, our), append(theirs, their), append(ratios, our/their)
	}
	r.ours, r.theirs, r.ratio = median(ours), median(theirs), median(ratios)
	return r
}

// ready starts a side and checks it.
func ready(ctx context.Context, s side) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := s.check(ctx); errors.Is(err, errNotInstalled) {
		return err
	} else if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// rate runs a side once.
func rate(ctx context.Context, s side) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	r, err := s.rate(ctx)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s, err)
	}
	return r, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
