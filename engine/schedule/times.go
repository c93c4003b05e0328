package schedule

import (
	"math/bits"
	"time"
)

// times counts how long things took, in classes a quarter of an octave wide.
type times struct {
	count [4 * 64]int
	total int
}

// add counts n things that took d each.
func (t *times) add(d time.Duration, n int) {
	t.count[class(d)] += n
	t.total += n
}

// class is the number of octaves of d, and the two bits below its highest.
func class(d time.Duration) int {
	u := uint64(max(d, 4))
	octave := bits.Len64(u) - 1
	return 4*octave + int(u>>(octave-2)&3)
}

// classEnd is the least time above those of a class.
func classEnd(c int) time.Duration { return time.Duration(5+c%4) << (c/4 - 2) }

// usual is a time in which nine of ten were done, and at most a quarter more
// than the least such time.
func (t *times) usual() time.Duration {
	rest := t.total - (9*t.total+9)/10
	for c := len(t.count) - 1; c >= 8; c-- {
		if rest -= t.count[c]; rest < 0 {
			return classEnd(c)
		}
	}
	return 0
}
