package live

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// What holds a run of ten seconds back.
func TestBrakes(t *testing.T) {
	const s = time.Second
	job := func(l *Lane, sent, start, end, heard time.Duration) { l.Answered(heard, 1, sent, start, end) }
	tests := []struct {
		name string
		play func(r *braked)
		want map[Brake]float64
	}{
		{"nobody is there", func(r *braked) {
			r.stand(0, Absent)
		}, map[Brake]float64{Absent: 1}},
		{"nobody is there for a while", func(r *braked) {
			r.stand(0, Absent)
			l := r.join(6*s, 1, false)
			l.Sent(6*s, 1)
			r.stand(6*s, Last)
			job(l, 6*s, 6*s, 10*s, 10*s)
		}, map[Brake]float64{Absent: 0.6, Working: 0.4}},
		{"input that comes slowly", func(r *braked) {
			l := r.join(0, 4, false)
			r.stand(0, Input)
			l.Sent(5*s, 1)
			r.stand(5*s, Input)
			job(l, 5*s, 5*s, 7*s, 7*s)
			r.stand(7*s, Input)
		}, map[Brake]float64{Input: 0.95, Working: 0.05}},
		{"jobs that take long, with a queue", func(r *braked) {
			l := r.join(0, 1, false)
			l.Sent(0, 2)
			r.stand(0, Last)
			job(l, 0, s, 5*s, 5*s)
			r.stand(5*s, Last)
			job(l, 0, 5*s, 9*s, 10*s)
		}, map[Brake]float64{Working: 0.8, Network: 0.2}},
		{"the last job", func(r *braked) {
			one, two := r.join(0, 1, false), r.join(0, 1, false)
			one.Sent(0, 1)
			two.Sent(0, 1)
			r.stand(0, Last)
			job(one, 0, 0, 2*s, 2*s)
			r.stand(2*s, Last)
			job(two, 0, 0, 10*s, 10*s)
		}, map[Brake]float64{Working: 0.6, Last: 0.4}},
		{"jobs on their way, here and elsewhere", func(r *braked) {
			here, there := r.join(0, 1, true), r.join(0, 1, false)
			here.Sent(0, 1)
			there.Sent(0, 1)
			r.stand(0, Last)
			job(here, 0, 2*s, 10*s, 10*s)
			job(there, 0, 5*s, 7*s, 10*s)
		}, map[Brake]float64{Working: 0.5, Itself: 0.1, Network: 0.4}},
		{"answers that wait for stdout are not on their way", func(r *braked) {
			l := r.join(0, 2, false)
			l.Sent(0, 2)
			r.stand(0, Input)
			l.Blocked(2*s, true)
			r.stand(2*s, Input)
			l.Blocked(10*s, false)
			job(l, 0, 0, 2*s, 10*s)
			job(l, 0, 0, 2*s, 10*s)
		}, map[Brake]float64{Working: 0.2, Stdout: 0.8}},
		{"nothing but the writing is left", func(r *braked) {
			r.join(0, 3, false)
			r.stand(0, Stdout)
		}, map[Brake]float64{Stdout: 1}},
		{"a job that was ended with the run", func(r *braked) {
			l := r.join(0, 1, false)
			l.Sent(0, 1)
			r.stand(0, Last)
			l.Ended(10*s, 1, 0)
		}, map[Brake]float64{Working: 1}},
		{"a worker that leaves is missed", func(r *braked) {
			l := r.join(0, 1, false)
			l.Sent(0, 1)
			r.stand(0, Last)
			l.Ended(5*s, 1, 0)
			l.Leave(5 * s)
			r.stand(5*s, Absent)
		}, map[Brake]float64{Working: 0.5, Absent: 0.5}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &braked{all: NewLane(0, 0, nil)}
			test.play(r)
			var here Total
			for i, l := range r.lanes {
				l.Pass(10 * s)
				if r.local[i] {
					here.Add(l.Total())
				}
			}
			got := r.Shares(10*s, r.all.Total(), here)
			for k := range Kinds {
				if math.Abs(got[k]-test.want[k]) > 1e-9 {
					t.Errorf("got %v, want %v", got, test.want)
					break
				}
			}
		})
	}
}

// braked is Brakes with the lanes they are about.
type braked struct {
	Brakes
	all   *Lane
	lanes []*Lane
	local []bool
}

func (r *braked) join(now time.Duration, slots int, local bool) *Lane {
	l := NewLane(now, slots, r.all)
	r.lanes, r.local = append(r.lanes, l), append(r.local, local)
	return l
}

func (r *braked) stand(now time.Duration, idle Brake) { r.Stand(now, r.all, idle) }

func TestCauses(t *testing.T) {
	var c Causes
	if got := c.Most(3); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
	for why, n := range map[string]int{"a": 3, "b": 5, "c": 1, "d": 2} {
		for range n {
			c.Add(why)
		}
	}
	if got := c.Most(2); !slices.Equal(got, []Cause{{"b", 5}, {"a", 3}, {"", 3}}) {
		t.Errorf("got %v", got)
	}
	for i := range 1000 {
		c.Add(fmt.Sprint("words of a worker ", i))
	}
	if len(c.of) > mostCauses {
		t.Errorf("%d causes are kept", len(c.of))
	}
	sum := int64(0)
	for _, cause := range c.Most(4) {
		sum += cause.Count
	}
	if sum != 1011 {
		t.Errorf("%d failures", sum)
	}
}

func TestCrewForgetsWhoWasThereLeast(t *testing.T) {
	var c Crew
	for i := range 3 * mostGone {
		c.Left(Share{Name: strings.Repeat("x", i%7), Total: Total{Slots: float64(i % (2 * mostGone))}})
	}
	if len(c.Gone()) != mostGone {
		t.Fatalf("%d are kept", len(c.Gone()))
	}
	for _, s := range c.Gone() {
		if s.Slots < mostGone/2 {
			t.Errorf("one is kept that was there for %g", s.Slots)
		}
	}
}
