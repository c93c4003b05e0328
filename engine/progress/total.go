package progress

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync/atomic"
)

// unknown is a total that is not known, or not yet.
const unknown = -1

const countSize = 1 << 20 // bytes in one read

// Total counts the records of f from where it stands now, in the background,
// if it is a regular file. The function it returns gives their number, or -1
// while that is not known. It has to be called before anybody reads from f; the
// place where f stands does not change. The counting ends with ctx.
func Total(ctx context.Context, f *os.File, delim byte) func() int64 {
	var total atomic.Int64
	total.Store(unknown)
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return total.Load
	}
	start, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return total.Load
	}
	go func() {
		if n, ok := count(ctx, f, start, delim); ok {
			total.Store(n)
		}
	}()
	return total.Load
}

// count counts records from off to the end. The last one may lack a delimiter.
func count(ctx context.Context, f io.ReaderAt, off int64, delim byte) (n int64, ok bool) {
	buf := make([]byte, countSize)
	last := delim
	for ctx.Err() == nil {
		got, err := f.ReadAt(buf, off)
		if got > 0 {
			n += int64(bytes.Count(buf[:got], []byte{delim}))
			last = buf[got-1]
			off += int64(got)
		}
		if err == io.EOF {
			if last != delim {
				n++
			}
			return n, true
		}
		if err != nil {
			return 0, false
		}
	}
	return 0, false
}
