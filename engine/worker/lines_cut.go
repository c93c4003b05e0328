package worker

import (
	"bytes"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// leading is how many of the lines that b begins with are among the first most,
// and how long they are together. All of b is whole lines.
func leading(b []byte, delim byte, most uint64) (count uint64, size int) {
	const stride = 4 << 10
	for size < len(b) {
		part := b[size:min(size+stride, len(b))]
		n := uint64(bytes.Count(part, []byte{delim}))
		if count+n > most {
			break
		}
		count += n
		size += len(part)
	}
	if size == len(b) {
		return count, size
	}
	// The end is in this stride; what it began with belongs to a line not counted.
	for ; count < most; count++ {
		size += bytes.IndexByte(b[size:], delim) + 1
	}
	if size > 0 {
		size = batch.LastIndex(b[:size], delim) + 1
	}
	return count, size
}
