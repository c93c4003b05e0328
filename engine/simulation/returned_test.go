package simulation

import (
	"bytes"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// A worker that fails all it is given at once, while the only other one is
// busy, must not drag the whole input into memory.
func TestFailuresDoNotDragTheInputIn(t *testing.T) {
	const jobs, slots = 3 * maxReturned, 1000
	s := schedule.New(schedule.Config{Delim: '\n', Retries: 9, MaxLost: 3, MaxBytes: 60000})
	s.Add(batch.Range{Seq: 1, Count: jobs, Data: bytes.Repeat([]byte("\n"), jobs)})
	const busy, broken = 1, 2
	s.Join(0, busy, 1)
	s.Dispatch(0, nil)
	s.Join(0, broken, slots)
	failed := 0
	for now := time.Millisecond; ; now += time.Millisecond {
		before := failed
		for _, a := range s.Dispatch(now, nil) {
			if a.Worker != broken || a.Kind != schedule.Send {
				continue
			}
			for seq := a.Range.Seq; seq < a.Range.End(); seq++ {
				s.Failed(now, broken, seq, a.Attempt)
				failed++
			}
		}
		if failed == before {
			break
		}
	}
	if failed < maxReturned || failed >= maxReturned+2*slots {
		t.Errorf("%d jobs failed and wait to be run again, want hardly more than %d", failed, maxReturned)
	}
}
