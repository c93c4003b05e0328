package trace

import (
	"cmp"
	"slices"
)

// A stretch is jobs [lo,hi) and when they got where they are.
type stretch struct {
	lo, hi, attempt uint64
	at              int64
}

// args is what an event says of the jobs.
func (s *stretch) args(outcome string) Args {
	return Args{Seq: s.lo, Count: s.hi - s.lo, Attempt: s.attempt, Outcome: outcome}
}

// cut takes [lo,hi) out of an ascending list. It returns what was there of it, and
// the rest.
func cut(list []stretch, lo, hi uint64) (taken, rest []stretch) {
	first := search(list, lo)
	last := first
	for ; last < len(list) && list[last].lo < hi; last++ {
		s := list[last]
		s.lo, s.hi = max(s.lo, lo), min(s.hi, hi)
		taken = append(taken, s)
	}
	if len(taken) == 0 {
		return nil, list
	}
	before, after := list[first], list[last-1]
	before.hi, after.lo = min(before.hi, lo), max(after.lo, hi)
	var stay []stretch
	for _, s := range []stretch{before, after} {
		if s.lo < s.hi {
			stay = append(stay, s)
		}
	}
	return taken, slices.Replace(list, first, last, stay...)
}

// search returns the index of the first stretch that ends behind seq.
func search(list []stretch, seq uint64) int {
	i, _ := slices.BinarySearchFunc(list, seq, func(s stretch, seq uint64) int { return cmp.Compare(s.hi, seq+1) })
	return i
}

// insert adds s to an ascending list.
func insert(list []stretch, s stretch) []stretch {
	return slices.Insert(list, search(list, s.lo), s)
}
