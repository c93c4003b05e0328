package journal

import (
	"math"
	"slices"
)

// A Span is the jobs [Lo,Hi).
type Span struct{ Lo, Hi uint64 }

// A Set is a set of jobs. It is kept as ranges, in ascending order, that do not
// touch, so that its size is that of its gaps. The zero Set is empty.
type Set struct {
	spans []Span
	count uint64
}

// Spans returns the ranges. They are the set's to keep.
func (s *Set) Spans() []Span { return s.spans }

// Count is the number of jobs in the set.
func (s *Set) Count() uint64 { return s.count }

// Last is the highest job in the set, 0 when there is none.
func (s *Set) Last() uint64 {
	if len(s.spans) == 0 {
		return 0
	}
	return s.spans[len(s.spans)-1].Hi - 1
}

// Add puts the jobs of x in.
func (s *Set) Add(x Span) {
	if x.Lo >= x.Hi {
		return
	}
	i := s.from(x.Lo)
	if i > 0 && s.spans[i-1].Hi == x.Lo {
		i--
	}
	j := i
	for ; j < len(s.spans) && s.spans[j].Lo <= x.Hi; j++ {
		s.count -= s.spans[j].Hi - s.spans[j].Lo
		x.Lo, x.Hi = min(x.Lo, s.spans[j].Lo), max(x.Hi, s.spans[j].Hi)
	}
	s.count += x.Hi - x.Lo
	if j == i+1 {
		s.spans[i] = x // what mostly happens: it continues a range
		return
	}
	s.spans = slices.Replace(s.spans, i, j, x)
}

// Take takes the jobs of x out, and appends those that were in to dst.
func (s *Set) Take(dst []Span, x Span) []Span {
	i := s.from(x.Lo)
	j := i
	var rest []Span
	for ; x.Lo < x.Hi && j < len(s.spans) && s.spans[j].Lo < x.Hi; j++ {
		is := s.spans[j]
		if is.Lo < x.Lo {
			rest = append(rest, Span{is.Lo, x.Lo})
		}
		if is.Hi > x.Hi {
			rest = append(rest, Span{x.Hi, is.Hi})
		}
		out := Span{max(is.Lo, x.Lo), min(is.Hi, x.Hi)}
		dst = append(dst, out)
		s.count -= out.Hi - out.Lo
	}
	if j > i {
		s.spans = slices.Replace(s.spans, i, j, rest...)
	}
	return dst
}

// At tells whether a job is in the set, and the first job behind it of which
// the opposite is true.
func (s *Set) At(seq uint64) (in bool, until uint64) {
	i := s.from(seq)
	switch {
	case i == len(s.spans):
		return false, math.MaxUint64
	case s.spans[i].Lo > seq:
		return false, s.spans[i].Lo
	}
	return true, s.spans[i].Hi
}

// from is the index of the first range that ends behind seq.
func (s *Set) from(seq uint64) int {
	if n := len(s.spans); n == 0 || s.spans[n-1].Hi <= seq {
		return n
	}
	i, _ := slices.BinarySearchFunc(s.spans, seq, func(x Span, seq uint64) int {
		if x.Hi <= seq {
			return -1
		}
		return 1
	})
	return i
}

func (s *Set) clone() Set { return Set{slices.Clone(s.spans), s.count} }
