package worker

import (
	"math"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
)

// span is a run of jobs by number.
type span struct{ seq, count uint64 }

// leased is a range with the number of this handing-out.
type leased struct {
	batch.Range
	attempt uint64
	mem     *chunk // that Data lies in; nil: memory that is not used again
}

// A queue holds the jobs not started, oldest first, in the ranges in which they
// came. The link's mutex guards it.
type queue struct {
	ranges []leased
	jobs   int
	bytes  int // of data, and rangeCost a range
}

func (q *queue) put(r leased) {
	q.ranges = append(q.ranges, r)
	q.jobs += r.Count
	q.bytes += len(r.Data) + rangeCost
}

// take removes the oldest job. There must be one.
func (q *queue) take(delim byte) leased {
	oldest := &q.ranges[0]
	return q.taken(oldest, oldest.Split(delim, 1))
}

// takeSome removes up to n of the oldest jobs, which come in one range. There
// must be one.
func (q *queue) takeSome(delim byte, n int) leased {
	oldest := &q.ranges[0]
	return q.taken(oldest, oldest.Cut(delim, n, math.MaxInt))
}

// taken makes a lease of what was cut off the oldest one.
func (q *queue) taken(oldest *leased, r batch.Range) leased {
	job := leased{r, oldest.attempt, oldest.mem}
	if oldest.Count > 0 && job.mem != nil {
		job.mem.refs++
	}
	q.jobs -= job.Count
	q.bytes -= len(job.Data)
	if oldest.Count == 0 {
		q.ranges[0] = leased{}
		q.ranges = q.ranges[1:]
		q.bytes -= rangeCost
	}
	return job
}

// revoke removes up to n jobs, newest first, and returns them: as many as fit
// into one frame.
func (q *queue) revoke(delim byte, n uint64) (back []span) {
	for n > 0 && len(q.ranges) > 0 && len(back) < codec.ManySpans {
		last := len(q.ranges) - 1
		r := q.ranges[last]
		q.ranges[last] = leased{}
		q.ranges = q.ranges[:last]
		q.jobs -= r.Count
		q.bytes -= len(r.Data) + rangeCost
		if uint64(r.Count) > n {
			q.put(leased{r.Split(delim, r.Count-int(n)), r.attempt, r.mem})
		}
		back = append(back, span{r.Seq, uint64(r.Count)})
		n -= uint64(r.Count)
	}
	return back
}

// cancel removes the jobs in s, and appends those that were there to dst.
func (q *queue) cancel(dst []span, delim byte, s span) []span {
	old := q.ranges
	*q = queue{}
	for _, r := range old {
		first, end := max(r.Seq, s.seq), min(r.End(), s.seq+s.count)
		if first >= end {
			q.put(r)
			continue
		}
		if n := int(first - r.Seq); n > 0 {
			q.put(leased{r.Split(delim, n), r.attempt, nil})
		}
		r.Split(delim, int(end-first))
		r.mem = nil
		dst = append(dst, span{first, end - first})
		if r.Count > 0 {
			q.put(r)
		}
	}
	return dst
}
