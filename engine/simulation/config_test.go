package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/jobpipe/jobpipe/engine/schedule"
)

// config is what a seed decides about a run as a whole.
type config struct {
	schedule.Config
	keep    bool
	budget  int64 // of the order stage
	jobs    int
	blocks  int // of the input that may be in memory
	workers int
	mode    int // 0: one process a job, 1: line mode, 2: each worker as it likes
	window  int // bytes of results a worker may have under way
	peace   time.Duration
	malice  float64       // how likely a worker is to do a given wicked thing
	fails   float64       // how likely a job is to fail
	poison  float64       // how likely a job is to end its worker
	crashes float64       // how likely a worker vanishes before peace
	cuts    float64       // how likely its connection is cut before peace
	grace   time.Duration // how long it keeps its jobs then
	huge    bool          // every record fills more than a lease
	fat     bool          // results are large
	big     bool          // some results come in parts
	long    float64       // how likely a job takes seconds
	strict  bool          // a worker that is wrong loses its connection at once
	stop    time.Duration
	lazy    float64 // how likely an event is handled together with the next
	blocked float64 // how likely stdout is to block
	disk    int64   // bytes that the temporary file takes before peace
	cramped bool    // and after that: there is never more room

	journaled bool
	troubles  int // so many lives end early
}

// deadAfter is when the coordinator takes a silent worker for gone.
const deadAfter = 2 * time.Second

func newConfig(r *rand.Rand) config {
	c := config{
		Config: schedule.Config{
			Delim:    "\n\n\x00"[r.IntN(3)],
			Retries:  r.IntN(4) * r.IntN(2),
			MaxLost:  1 + r.IntN(4),
			MaxBytes: pick(r, 40, 400, 60000),
		},
		keep:    r.IntN(2) == 0,
		budget:  int64(pick(r, 0, 100, 5000, 1<<20)),
		jobs:    pick(r, 0, 1, 5, 30, 60, 100, 100, 200),
		blocks:  1 + r.IntN(4),
		workers: 1 + r.IntN(8),
		mode:    r.IntN(3),
		window:  pick(r, 300, 2000, 64<<10),
		peace:   time.Duration(r.IntN(1500)) * time.Millisecond,
		strict:  r.IntN(2) == 0,
		big:     r.IntN(4) == 0,
	}
	if r.IntN(30) == 0 {
		c.jobs = 500 + r.IntN(1500)
	}
	if r.IntN(60) == 0 {
		c.workers = 50 + r.IntN(300)
	}
	if c.huge = r.IntN(50) == 0; c.huge {
		c.jobs, c.Delim = 100, '\n' // which huge records end with
	}
	if c.fat = r.IntN(50) == 0; c.fat {
		c.window, c.mode = 64<<10, 0
	}
	if r.IntN(2) == 0 {
		c.malice = r.Float64() * 0.3
	}
	if r.IntN(2) == 0 {
		c.fails = r.Float64() * 0.4
	}
	if r.IntN(3) == 0 {
		c.poison = r.Float64() * 0.05
	}
	if r.IntN(2) == 0 {
		c.crashes = r.Float64()
	}
	if r.IntN(3) == 0 {
		c.long = r.Float64() * 0.1
	}
	if r.IntN(2) == 0 {
		c.lazy = r.Float64() * 0.9
	}
	if r.IntN(3) == 0 {
		c.blocked = r.Float64() * 0.5
	}
	if r.IntN(12) == 0 {
		c.stop = 1 + time.Duration(r.IntN(500))*time.Millisecond
	}
	c.Speculate = r.IntN(2) == 0
	if c.disk = 1 << 40; r.IntN(20) == 0 {
		c.disk = int64(pick(r, 0, 1000, 50_000))
	}
	if r.IntN(2) == 0 {
		c.grace = pick(r, 100*time.Millisecond, time.Second, 3*time.Second)
		c.cuts = r.Float64()
	}
	if r.IntN(4) == 0 {
		c.Rate = pick(r, 20, 500.5, 1000, 30_000)
	}
	if c.journaled = r.IntN(3) == 0; c.journaled {
		c.troubles = r.IntN(6)
		if r.IntN(3) == 0 { // what is written ends in the middle of results
			c.keep, c.big, c.budget = true, true, int64(pick(r, 100, 1000, 5000))
		}
	}
	if c.cramped = !c.fat && r.IntN(20) == 0; c.cramped { // a result is more than its window, a few fill memory
		c.disk, c.budget, c.window, c.mode = 0, 2000, 300, 0
	}
	return c
}

// innocent reports whether jobs alone can be the reason that workers vanish.
func (c *config) innocent() bool { return c.malice == 0 && c.crashes == 0 && c.cuts == 0 }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
