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

// cut takes [lo,hi) out of an ascending list. It returns the rest, and since when
// the first of what was taken had been there; -1 when none of it was.
func cut(list []stretch, lo, hi uint64) (rest []stretch, since int64, attempt uint64) {
	first := search(list, lo)
	if first == len(list) || list[first].lo >= hi {
		return list, -1, 0
	}
	since, attempt = list[first].at, list[first].attempt
	last := first
	for last < len(list) && list[last].lo < hi {
		last++
	}
	before, after := list[first], list[last-1]
	before.hi, after.lo = min(before.hi, lo), max(after.lo, hi)
	var stay []stretch
	for _, s := range []stretch{before, after} {
		if s.lo < s.hi {
			stay = append(stay, s)
		}
	}
	return slices.Replace(list, first, last, stay...), since, attempt
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
