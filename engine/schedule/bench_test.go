package schedule

import (
	"fmt"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// One job comes at a time, and all workers but one are idle: how many there are
// must not matter.
func BenchmarkJobForOneOf(b *testing.B) {
	for _, workers := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("%d workers", workers), func(b *testing.B) {
			s := New(Config{Delim: '\n', MaxLost: 3, MaxBytes: 60_000})
			for id := range workers {
				s.Join(0, WorkerID(id+1), 1)
			}
			record := []byte("job\n")
			var acts []Action
			now, seq := time.Duration(0), uint64(0)
			for b.Loop() {
				seq++
				now += 20 * time.Microsecond
				s.Add(batch.Range{Seq: seq, Count: 1, Data: record})
				acts = s.Dispatch(now, acts[:0])
				s.Answer(now, acts[0].Worker, seq, 1)
				acts = s.Dispatch(now, acts[:0])
			}
		})
	}
}
