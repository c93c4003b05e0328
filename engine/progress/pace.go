package progress

import (
	"math"
	"time"
)

// memory is how long ago, about, the jobs were done that the rate is about.
const memory = 15 * time.Second

// A pace is the rate at which jobs get done, in nanoseconds a job: the average
// over all time, in which what is past counts the less the longer it is ago.
// Averaging rates, weighted by time, and not times a job makes no difference
// between jobs that come evenly and those that come in bursts.
//
// It is the average of decorators of mpb, which show rates and times left.
type pace struct {
	start, last time.Time
	done        int64
	rate        float64 // jobs a nanosecond, biased by beginning at 0
	weight      float64 // what there is of 1 in the weights: it takes the bias away
}

// observe takes note that so many jobs are done by now.
func (p *pace) observe(now time.Time, done int64) {
	if p.start.IsZero() {
		p.start, p.last, p.done = now, now, done
		return
	}
	took := now.Sub(p.last)
	if took <= 0 {
		return
	}
	fresh := -math.Expm1(-float64(took) / float64(memory))
	p.rate += fresh * (float64(done-p.done)/float64(took) - p.rate)
	p.weight += fresh * (1 - p.weight)
	p.last, p.done = now, done
}

// Value is the time that a job takes, or 0 while that is not known.
func (p *pace) Value() float64 {
	if p.rate <= 0 {
		return 0
	}
	return p.weight / p.rate
}

// Add and Set are there for mpb, which never calls them here.
func (p *pace) Add(float64) {}
func (p *pace) Set(float64) {}
