package worker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// The queue against a list of job numbers. The record of job n is n.
func TestQueueAtRandom(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var q queue
		var want []uint64
		next := uint64(1)
		for range 30 {
			switch rnd.IntN(5) {
			case 0, 1:
				r := leased{Range: batch.Range{Seq: next, Count: 1 + rnd.IntN(9)}, attempt: 1}
				var data strings.Builder
				for range r.Count {
					fmt.Fprintf(&data, "%d\n", next)
					want = append(want, next)
					next++
				}
				r.Data = []byte(data.String())
				q.put(r)
				next += rnd.Uint64N(2)
			case 2:
				if len(want) == 0 {
					continue
				}
				job := q.take('\n')
				if job.Seq != want[0] || string(job.Data) != fmt.Sprintf("%d\n", want[0]) {
					t.Fatalf("seed %d: job %d %q is next, want %d", seed, job.Seq, job.Data, want[0])
				}
				want = want[1:]
			case 3:
				n := min(1+rnd.IntN(12), len(want))
				back := numbers(q.revoke('\n', uint64(max(n, 1))))
				if !slices.Equal(back, want[len(want)-n:]) {
					t.Fatalf("seed %d: %d are given back of %d, asked for %d", seed, back, want, n)
				}
				want = want[:len(want)-n]
			case 4:
				s := span{1 + rnd.Uint64N(next), 1 + rnd.Uint64N(6)}
				in := func(seq uint64) bool { return seq >= s.seq && seq < s.seq+s.count }
				back := numbers(q.cancel(nil, '\n', s))
				for _, seq := range want {
					if in(seq) != slices.Contains(back, seq) {
						t.Fatalf("seed %d: %d are cancelled of %d, want those in %d", seed, back, want, s)
					}
				}
				want = slices.DeleteFunc(want, in)
			}
			q.audit(t, '\n')
			if q.jobs != len(want) {
				t.Fatalf("seed %d: %d jobs wait, want %d", seed, q.jobs, len(want))
			}
		}
	}
}

// numbers lists the jobs in spans, in order.
func numbers(spans []span) (list []uint64) {
	for _, s := range spans {
		for n := range s.count {
			list = append(list, s.seq+n)
		}
	}
	slices.Sort(list)
	return list
}
