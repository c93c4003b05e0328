package progress

import (
	"math"
	"time"
)

const (
	// memory is how long ago, about, the jobs were done that the rate is about.
	memory = 15 * time.Second
	// rounds is how many jobs one after another, in each slot, it is about at least:
	// jobs of a minute that end together make a rate for more than that minute.
	rounds = 3
)

// A Pace is the rate at which jobs get done, in nanoseconds a job: the average
// over all time, in which what is past counts the less the longer it is ago.
// Averaging rates, weighted by time, and not times a job makes no difference
// between jobs that come evenly and those that come in bursts. Time in which no job
// ran, for want of input or of workers, is left out.
//
// It is the average of decorators of mpb, which show rates and times left. One
// goroutine may use it.
type Pace struct {
	last   time.Time     // zero: nothing was seen
	active time.Duration // in which jobs ran
	total  int64         // of jobs, in that time
	done   int64
	rate   float64 // jobs a nanosecond, biased by beginning at 0
	weight float64 // what there is of 1 in the weights: it takes the bias away
}

// Observe takes note that so many jobs are done by now, and so many run.
func (p *Pace) Observe(now time.Time, done, running int64) {
	took, fresh := now.Sub(p.last), done-p.done
	if p.last.IsZero() || running == 0 && fresh == 0 {
		p.last, p.done = now, done
		return
	}
	if took <= 0 {
		return
	}
	p.active += took
	p.total += fresh
	share := -math.Expm1(-float64(took) / p.memory(running))
	p.rate += share * (float64(fresh)/float64(took) - p.rate)
	p.weight += share * (1 - p.weight)
	p.last, p.done = now, done
}

// memory is how many nanoseconds the average goes back. A job takes as long as,
// at the rate of all time, as many are done as run at once.
func (p *Pace) memory(running int64) float64 {
	if p.total == 0 {
		return float64(memory)
	}
	return max(float64(memory), rounds*float64(running)*float64(p.active)/float64(p.total))
}

// Value is the time that a job takes, or 0 while that is not known.
func (p *Pace) Value() float64 {
	if p.rate <= 0 {
		return 0
	}
	return p.weight / p.rate
}

// Rate is how many jobs get done in a second, or 0 while that is not known.
func (p *Pace) Rate() float64 {
	if p.weight == 0 {
		return 0
	}
	return p.rate / p.weight * float64(time.Second)
}

// Add and Set are there for mpb, which never calls them here.
func (p *Pace) Add(float64) {}
func (p *Pace) Set(float64) {}
