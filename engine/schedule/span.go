package schedule

import (
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// A span is a contiguous run of jobs that share one history. The jobs that
// still count are [lo,hi); Range is what their bytes are cut from, and may
// hold more. It is trimmed only when the jobs are handed out again, since
// answers alone need no bytes.
type span struct {
	batch.Range
	lo, hi  uint64
	bytes   int           // of the window, while leased
	attempt int           // number of the current or next handing-out, from 1
	failed  int           // attempts that failed
	lost    int           // attempts during which the worker vanished
	chunk   int           // hand out at most this many at once; 0: no limit
	avoid   []WorkerID    // where it failed, by origin; shared, never written to
	since   time.Duration // when it was leased

	// Of a job that was started twice, see speculate.
	twin   WorkerID // where the other copy runs; 0: nowhere
	newest int      // the higher attempt of the two; 0: it was started once
	void   bool     // settled by the other copy: this one is being cancelled
}

func (s *span) jobs() int { return int(s.hi - s.lo) }

// trim makes Range hold exactly [lo,hi).
func (s *span) trim(delim byte) {
	if s.Seq < s.lo {
		s.Split(delim, int(s.lo-s.Seq))
	}
	if s.End() > s.hi {
		s.Range = s.Split(delim, s.jobs())
	}
}

// release says that the bytes of the jobs are needed no more.
func (s *span) release() { s.Block.Release(s.jobs()) }

// own moves the bytes out of the block they share with others.
func (s *span) own(delim byte) {
	if s.Block == nil || len(s.Data) > batch.BlockSize/2 {
		return // it has no neighbours that could be freed
	}
	s.trim(delim)
	s.Data = slices.Clone(s.Data)
	s.release()
	s.Block = nil
}

// latest is the highest attempt at the job so far.
func (s *span) latest() int { return max(s.attempt, s.newest) }

// shun notes that the job failed on the worker of this origin.
func (s *span) shun(origin WorkerID) { s.avoid = append(s.avoid[:len(s.avoid):len(s.avoid)], origin) }

// avoids reports whether the job failed before on the worker of this origin.
func (s *span) avoids(origin WorkerID) bool { return slices.Contains(s.avoid, origin) }

// A queue holds spans that wait, the lowest seq first.
type queue struct {
	spans []span
	head  int
	jobs  int
	bytes int
}

func (q *queue) all() []span { return q.spans[q.head:] }
func (q *queue) len() int    { return len(q.spans) - q.head }

// push puts s where its seq belongs; at the end costs nothing.
func (q *queue) push(s span) {
	q.jobs += s.jobs()
	q.bytes += len(s.Data)
	if q.head > 32 && q.head > len(q.spans)/2 {
		q.spans = slices.Delete(q.spans, 0, q.head)
		q.head = 0
	}
	if q.len() == 0 || q.spans[len(q.spans)-1].lo < s.lo {
		q.spans = append(q.spans, s)
		return
	}
	at, _ := slices.BinarySearchFunc(q.all(), s.lo, func(e span, seq uint64) int {
		if e.lo < seq {
			return -1
		}
		return 1
	})
	if at == 0 && q.head > 0 {
		q.head--
		q.spans[q.head] = s
		return
	}
	q.spans = slices.Insert(q.spans, q.head+at, s)
}

// pop removes at most maxJobs jobs from the front, and at most maxBytes bytes
// if that leaves at least one.
func (q *queue) pop(delim byte, maxJobs, maxBytes int) span {
	front := &q.spans[q.head]
	if front.chunk > 0 {
		maxJobs = min(maxJobs, front.chunk)
	}
	got := *front
	got.Range = front.Cut(delim, maxJobs, maxBytes)
	got.hi = got.End()
	front.lo = got.hi
	if front.Count == 0 {
		*front = span{}
		q.head++
	}
	q.jobs -= got.Count
	q.bytes -= len(got.Data)
	return got
}
