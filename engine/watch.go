package engine

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/watch"
)

// beginWatch lets the run be watched, if that is wanted, and says where.
func (r *Run) beginWatch() {
	if r.watch == nil {
		return
	}
	r.watch.Serve(watch.Config{
		Snapshot: r.server.Snapshot,
		Strips:   r.server.Strips,
		Input:    r.size,
		Log:      r.log,
	})
	r.log.Tell("watched", "to watch this run: "+r.watch.URL(), "at", r.watch.URL())
	if r.watch.Public() {
		r.log.Warnf("--http: whoever can reach this address sees jobs and what failed ones wrote to stderr")
	}
}

// sizeOf gives the bytes of f from where it stands now, if it is a regular file,
// which may grow; else -1.
func sizeOf(f *os.File) func() int64 {
	start, err := f.Seek(0, io.SeekCurrent)
	return func() int64 {
		info, failed := f.Stat()
		if err != nil || failed != nil || !info.Mode().IsRegular() {
			return -1
		}
		return info.Size() - start
	}
}

// lastLook is the run when it is over, and its event loop is not.
func (r *Run) lastLook() *live.Run {
	if r.watch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	last, err := r.server.Snapshot(ctx)
	if err != nil {
		return nil
	}
	return last
}

// endWatch shows to those who watch what became of the run.
func (r *Run) endWatch(last *live.Run, failure error) {
	if r.watch == nil {
		return
	}
	if last != nil && failure != nil {
		last.Why = failure.Error()
	}
	r.watch.Close(last)
}
