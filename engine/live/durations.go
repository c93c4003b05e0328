package live

import "time"

// Bounds are the upper ends of the classes of Durations, without the last, which
// has none.
var Bounds = [...]time.Duration{
	100 * time.Microsecond, time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour,
}

// Durations counts how long jobs took, by class.
type Durations struct {
	Count [len(Bounds) + 1]int64
	Sum   time.Duration
}

// Add counts n jobs that took d each.
func (h *Durations) Add(d time.Duration, n int) {
	i := 0
	for i < len(Bounds) && d > Bounds[i] {
		i++
	}
	h.Count[i] += int64(n)
	h.Sum += d * time.Duration(n)
}
