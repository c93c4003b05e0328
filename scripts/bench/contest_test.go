package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

// played is a side that has the rates it is given, one a run.
type played struct {
	name    string
	rates   []float64
	broken  error
	stopped int
}

func (p *played) String() string              { return p.name }
func (p *played) jobs() int                   { return 1234 }
func (p *played) start(context.Context) error { return nil }
func (p *played) stop()                       { p.stopped++ }
func (p *played) check(context.Context) error { return p.broken }

func (p *played) rate(context.Context) (float64, error) {
	if len(p.rates) == 0 {
		return 0, errors.New("no rate left")
	}
	r := p.rates[0]
	p.rates = p.rates[1:]
	return r, nil
}

// What counts is the median of the pairs' ratios, not the ratio of the medians.
func TestHold(t *testing.T) {
	ours := &played{name: "ours", rates: []float64{10, 40, 90}}
	theirs := &played{name: "theirs", rates: []float64{5, 40, 30}}
	r := contest{jobpipe: ours, peer: theirs}.hold(t.Context(), 3, time.Minute)
	if r.failed != nil || r.absent != "" || r.ours != 40 || r.theirs != 30 || r.ratio != 2 {
		t.Errorf("%+v", r)
	}
	if ours.stopped != 1 || theirs.stopped != 1 {
		t.Errorf("stopped %d and %d times", ours.stopped, theirs.stopped)
	}
}

func TestHoldStopsAtItsBudget(t *testing.T) {
	ours := &played{name: "ours", rates: []float64{1, 1, 1}}
	theirs := &played{name: "theirs", rates: []float64{1, 1, 1}}
	if r := (contest{jobpipe: ours, peer: theirs}).hold(t.Context(), 9, 0); r.failed != nil || r.ratio != 1 {
		t.Errorf("%+v", r)
	}
}

func TestHoldTellsPeersFromJobpipe(t *testing.T) {
	good := func() *played { return &played{name: "good", rates: []float64{1}} }
	for _, bad := range []*played{
		{name: "bad", broken: errNotInstalled},
		{name: "bad", broken: errors.New("wrong output")},
		{name: "bad"},
	} {
		if r := (contest{jobpipe: good(), peer: bad}).hold(t.Context(), 1, 0); r.failed != nil || r.absent == "" {
			t.Errorf("%v as a peer: %+v", bad.broken, r)
		}
		if r := (contest{jobpipe: bad, peer: good()}).hold(t.Context(), 1, 0); r.failed == nil {
			t.Errorf("%v as jobpipe: %+v", bad.broken, r)
		}
	}
}

func TestHoldLeavesOutWhatCannotBeMeasured(t *testing.T) {
	ours := &played{name: "ours", broken: errNotHere}
	theirs := &played{name: "theirs", rates: []float64{1}}
	if r := (contest{jobpipe: ours, peer: theirs}).hold(t.Context(), 1, 0); r.failed != nil || r.absent == "" {
		t.Errorf("%+v", r)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		of   []float64
		want float64
	}{{[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(test.of); got != test.want {
			t.Errorf("median of %v: %v, want %v", test.of, got, test.want)
		}
	}
}
