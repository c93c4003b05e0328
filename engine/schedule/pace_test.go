package schedule

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestRateAllowsOneJobAtATime(t *testing.T) {
	r := newRig(t, Config{Rate: 10})
	r.join(1, 3)
	r.join(2, 3)
	r.add(9)
	r.does("1 gets 1")
	r.due(100 * time.Millisecond)
	r.wait(60 * time.Millisecond)
	r.does()
	r.due(40 * time.Millisecond)
	r.wait(40 * time.Millisecond)
	r.does("2 gets 2") // in turn
	r.wait(time.Hour)
	r.does("1 gets 3") // what was not used is lost
}

func TestLateTurnsAreMadeUpFor(t *testing.T) {
	r := newRig(t, Config{Rate: 1000})
	r.join(1, 100)
	r.join(2, 100)
	r.add(200)
	r.does("1 gets 1")
	r.wait(20 * time.Millisecond)
	r.does("2 gets 2-12", "1 gets 13-17", "2 gets 18-20", "1 gets 21") // even shares of what may go
	r.wait(time.Second)
	r.Dispatch(r.now, nil)
	r.counts(200-21-51, 21+51) // not all at once after a lull
}

func TestRateCountsAllThatIsHandedOut(t *testing.T) {
	second := func(r *rig, want ...string) {
		r.t.Helper()
		r.does()
		r.wait(time.Second)
		r.does(want...)
	}
	t.Run("retries", func(t *testing.T) {
		r := newRig(t, Config{Rate: 1, Retries: 1})
		r.join(1, 2)
		r.add(2)
		r.does("1 gets 1")
		r.fails(1, 1, 1)
		second(r, "1 gets 1 attempt 2")
		second(r, "1 gets 2")
	})
	t.Run("given back", func(t *testing.T) {
		r := newRig(t, Config{Rate: 1})
		r.join(1, 2)
		r.add(1)
		r.does("1 gets 1")
		r.givesBack(1, 1, 1)
		second(r, "1 gets 1")
	})
	t.Run("on the last chance", func(t *testing.T) {
		r := newRig(t, Config{Rate: 1, MaxLost: 2})
		r.join(1, 1)
		r.add(1)
		r.does("1 gets 1")
		r.join(2, 1)
		r.leave(1)
		second(r, "2 gets 1 attempt 2")
	})
	t.Run("second copies", func(t *testing.T) {
		r := newRig(t, Config{Rate: 1, Speculate: true})
		r.join(1, 2)
		r.join(2, 2)
		r.add(3)
		r.does("1 gets 1")
		r.wait(time.Second)
		r.does("2 gets 2")
		r.answers(2, 2, 2)
		r.wait(time.Second)
		r.does("1 gets 3")
		r.EndOfInput()
		r.wait(time.Minute)
		r.ticks("2 gets 1 attempt 2")
		r.ticks()
		r.wait(time.Second)
		r.ticks("2 gets 3 attempt 2")
	})
}

func TestNothingIsDue(t *testing.T) {
	for name, c := range map[string]struct {
		conf Config
		play func(*rig)
	}{
		"without a rate":    {Config{}, func(r *rig) { r.add(2) }},
		"without jobs":      {Config{Rate: 1}, func(r *rig) { r.add(1); r.join(1, 1) }},
		"without a worker":  {Config{Rate: 1}, func(r *rig) { r.add(2) }},
		"after a stop":      {Config{Rate: 1}, func(r *rig) { r.add(2); r.join(1, 1); r.Dispatch(r.now, nil); r.Stop() }},
		"without free slot": {Config{Rate: 1}, func(r *rig) { r.add(2); r.join(1, 1); r.Dispatch(r.now, nil); r.wait(time.Second) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.conf)
			c.play(r)
			r.Dispatch(r.now, nil)
			if after, ok := r.Due(); ok {
				t.Errorf("a turn is due after %v", after)
			}
		})
	}
}

// In no time are more jobs handed out than the rate allows and what is caught up
// with; and one who looks when a turn is due, or a little later, reaches the rate.
func TestRateIsKeptAndReached(t *testing.T) {
	for _, rate := range []float64{0.5, 3, 70, 1000, 250_000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			r := newRig(t, Config{Rate: rate})
			r.now = 17 * time.Hour
			for id := WorkerID(1); id <= 3; id++ {
				r.join(id, 1_000_000)
			}
			r.add(20_000)
			type moment struct {
				at   float64
				jobs int
			}
			var seen []moment
			total := 0
			for total < 20_000 && len(seen) < 2000 {
				n := 0
				for _, a := range r.Dispatch(r.now, nil) {
					n += a.Range.Count
				}
				total += n
				seen = append(seen, moment{r.now.Seconds(), total})
				after, _ := r.Due()
				r.wait(after + time.Duration(rnd.Int64N(int64(time.Millisecond))))
			}
			most := 1 + rate*catchUp.Seconds()
			for i, from := range seen {
				for _, to := range seen[i+1:] {
					if got, may := float64(to.jobs-from.jobs), rate*(to.at-from.at)+most; got > may+1e-3 {
						t.Fatalf("%.0f jobs in %.3f s, %.3f may be", got, to.at-from.at, may)
					}
				}
			}
			last := seen[len(seen)-1]
			if least := rate*(last.at-seen[0].at) - most; float64(last.jobs) < least {
				t.Errorf("%d jobs in %.3f s, want at least %.0f", last.jobs, last.at-seen[0].at, least)
			}
		})
	}
}

// due compares when the next turn is due, to a microsecond.
func (r *rig) due(want time.Duration) {
	r.t.Helper()
	if after, ok := r.Due(); !ok || (after-want).Abs() > time.Microsecond {
		r.t.Fatalf("a turn is due: %v, after %v; want %v", ok, after, want)
	}
}
