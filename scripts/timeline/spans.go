package main

import (
	"cmp"
	"slices"
)

// A span is a time from and to, in microseconds.
type span struct{ from, to int64 }

type spans []span

// union returns the same times as spans that ascend and do not touch.
func (s spans) union() (u spans) {
	slices.SortFunc(s, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, next := range s {
		if n := len(u); n > 0 && next.from <= u[n-1].to {
			u[n-1].to = max(u[n-1].to, next.to)
		} else if next.from < next.to {
			u = append(u, next)
		}
	}
	return u
}

// without returns the times of s that are not in other. Both are unions.
func (s spans) without(other spans) (left spans) {
	for _, next := range s {
		i, _ := slices.BinarySearchFunc(other, next.from, func(o span, t int64) int { return cmp.Compare(o.to, t) })
		for ; i < len(other) && other[i].from < next.to; i++ {
			if next.from < other[i].from {
				left = append(left, span{next.from, other[i].from})
			}
			next.from = max(next.from, other[i].to)
		}
		if next.from < next.to {
			left = append(left, next)
		}
	}
	return left
}

// has reports whether the time is in the union s.
func (s spans) has(t int64) bool {
	_, found := slices.BinarySearchFunc(s, t, func(o span, t int64) int {
		switch {
		case o.to <= t:
			return -1
		case o.from > t:
			return 1
		}
		return 0
	})
	return found
}

// within is how much of [from,to) the union s covers.
func (s spans) within(from, to int64) (n int64) {
	for _, o := range s {
		n += max(0, min(o.to, to)-max(o.from, from))
	}
	return n
}
