package progress

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// unknown is a total that is not known, or not yet.
const unknown = -1

const countSize = 1 << 20 // bytes in one read

// Total counts the records of f from where it stands now, if it is a regular file.
// The function it returns gives their number, or -1 while that is not known; it may
// be called from any goroutine. The first call begins the counting, in the
// background, so that a run at which nobody looks does not pay for it. Total has to
// be called before anybody reads from f; the place where f stands does not change.
// The counting ends with ctx.
func Total(ctx context.Context, f *os.File, delim byte) func() int64 {
	nobodyKnows := func() int64 { return unknown }
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nobodyKnows
	}
	start, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nobodyKnows
	}
	var total atomic.Int64
	total.Store(unknown)
	var begin sync.Once
	return func() int64 {
		begin.Do(func() {
			go func() {
				if n, ok := count(ctx, f, start, delim); ok {
					total.Store(n)
				}
			}()
		})
		return total.Load()
	}
}

// known is how many jobs there are, as far as one knows: read by now, or counted
// as Total does.
func known(counted, read int64, ended bool) int64 {
	switch {
	case ended:
		return read
	case counted >= 0:
		return max(counted, read) // the file has grown meanwhile
	}
	return unknown
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
