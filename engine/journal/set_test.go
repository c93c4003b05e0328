package journal

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A set does what a map of jobs does, and keeps as few ranges as there can be.
func TestSetIsAMap(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var s Set
		model := map[uint64]bool{}
		for range 60 {
			x := Span{Lo: 1 + rnd.Uint64N(60)}
			x.Hi = x.Lo + rnd.Uint64N(12)
			if rnd.IntN(3) > 0 {
				s.Add(x)
				for n := x.Lo; n < x.Hi; n++ {
					model[n] = true
				}
			} else {
				var want []uint64
				for n := x.Lo; n < x.Hi; n++ {
					if model[n] {
						want = append(want, n)
						delete(model, n)
					}
				}
				var got []uint64
				for _, y := range s.Take(nil, x) {
					for n := y.Lo; n < y.Hi; n++ {
						got = append(got, n)
					}
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: taking %v out gives %v, want %v", seed, x, got, want)
				}
			}
			compare(t, seed, &s, model)
		}
	}
}

func compare(t *testing.T, seed uint64, s *Set, model map[uint64]bool) {
	t.Helper()
	ranges, last := 0, uint64(0)
	for n := uint64(1); n < 80; n++ {
		if model[n] {
			last = n
			if !model[n-1] {
				ranges++
			}
		}
		in, until := s.At(n)
		if in != model[n] {
			t.Fatalf("seed %d: job %d in %v: %v", seed, n, s.spans, in)
		}
		for m := n; m < until && m < 80; m++ {
			if model[m] != in {
				t.Fatalf("seed %d: %v: what holds for job %d does not until %d", seed, s.spans, n, until)
			}
		}
		if until < 80 && model[until] == in {
			t.Fatalf("seed %d: %v: what holds for job %d does so for %d too", seed, s.spans, n, until)
		}
	}
	if s.Count() != uint64(len(model)) || s.Last() != last || len(s.Spans()) != ranges {
		t.Fatalf("seed %d: %v has %d jobs up to %d, want %d up to %d in %d ranges", seed, s.spans, s.Count(), s.Last(), len(model), last, ranges)
	}
}
