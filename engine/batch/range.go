// Package batch holds jobs the way they were read: contiguous ranges of
// records in the very bytes of stdin. The splitter makes ranges, the scheduler
// cuts and hands them out, the worker takes single jobs off them. Nothing here
// is kept per job, and nothing here does I/O.
package batch

import "bytes"

// A Range is a contiguous run of jobs.
type Range struct {
	Seq   uint64 // sequence number of the first job, counted from 1
	Count int    // jobs in the range
	// Data holds Count records, each with its delimiter; only the very last
	// record of the input may lack it. Data is read-only, and valid until the
	// Block it lies in is released.
	Data  []byte
	Block *Block // the memory Data lies in; nil when the garbage collector owns it
}

// End is the sequence number after the last job of the range.
func (r Range) End() uint64 { return r.Seq + uint64(r.Count) }

// few is how many records Cut looks for one by one; above it, estimating the
// place from the average length and counting what is there is faster.
const few = 64

// Cut removes the leading jobs of r and returns them: at least one job,
// otherwise at most maxJobs jobs and maxBytes bytes.
func (r *Range) Cut(delim byte, maxJobs, maxBytes int) Range {
	if r.Count <= maxJobs && len(r.Data) <= maxBytes || r.Count == 1 {
		return r.take(r.Count, len(r.Data))
	}
	if maxJobs <= few {
		return r.cutFew(delim, maxJobs, maxBytes)
	}
	limit := min(len(r.Data), maxBytes)
	for range 4 {
		if r.Count > maxJobs {
			limit = min(limit, int(float64(len(r.Data))/float64(r.Count)*float64(maxJobs)))
		}
		size := LastIndex(r.Data[:limit], delim) + 1
		n := bytes.Count(r.Data[:size], []byte{delim})
		if n == 0 {
			break
		}
		if n <= maxJobs {
			return r.take(n, size)
		}
		limit = int(float64(size) * float64(maxJobs) / float64(n)) // the front is denser than the average
	}
	return r.cutFew(delim, few, maxBytes)
}

// cutFew is Cut for so few jobs that walking from record to record is best.
func (r *Range) cutFew(delim byte, maxJobs, maxBytes int) Range {
	n, size := 0, 0
	for n < max(1, min(maxJobs, r.Count)) {
		next := recordEnd(r.Data, size, delim)
		if n > 0 && next > maxBytes {
			break
		}
		n, size = n+1, next
	}
	return r.take(n, size)
}

// Split removes exactly the n leading jobs of r and returns them.
func (r *Range) Split(delim byte, n int) Range {
	if n == r.Count {
		return r.take(n, len(r.Data))
	}
	size := 0
	for range n {
		size = recordEnd(r.Data, size, delim)
	}
	return r.take(n, size)
}

// recordEnd is the offset just after the record that starts at from.
func recordEnd(data []byte, from int, delim byte) int {
	i := bytes.IndexByte(data[from:], delim)
	if i < 0 {
		return len(data)
	}
	return from + i + 1
}

func (r *Range) take(n, size int) Range {
	head := Range{Seq: r.Seq, Count: n, Data: r.Data[:size:size], Block: r.Block}
	r.Seq += uint64(n)
	r.Count -= n
	r.Data = r.Data[size:]
	return head
}
