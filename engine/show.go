package engine

import (
	"context"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/progress"
)

const (
	showEvery = 100 * time.Millisecond // the progress is drawn
	lookEvery = 500 * time.Millisecond // it is asked what the run waits for
)

// show draws how far the run is, if that is wanted, until the function that it
// returns is called. Call it before stdin is read.
func (r *Run) show() (stop func()) {
	if !r.opt.Progress {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	line := progress.New(progress.Total(ctx, r.opt.Stdin, r.opt.Delim), progress.Width(r.opt.Stderr))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(showEvery)
		defer tick.Stop()
		var seen live.Run
		var looked time.Time
		for {
			select {
			case now := <-tick.C:
				if now.Sub(looked) >= lookEvery {
					looked = now
					if got, err := r.server.Snapshot(ctx); err == nil { // else the run is over
						seen = *got
					}
				}
				r.writer.Status(line.Render(now, r.counts(&seen)))
			case <-ctx.Done():
				seen.Why = ""
				r.writer.Status(line.Render(time.Now(), r.counts(&seen)))
				return
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

// summarize says how the run went, if that is wanted.
func (r *Run) summarize() {
	if c := r.server.Closing(); r.opt.Summary && c != nil {
		for _, line := range progress.Closing(c) {
			r.writer.Message([]byte("jobpipe: " + line + "\n"))
		}
	}
}

// counts is how far the run is now, and, as last seen, what runs and what it waits
// for.
func (r *Run) counts(seen *live.Run) progress.Counts {
	c := &r.server.Counts
	running := 0
	for i := range seen.Workers {
		running += seen.Workers[i].Running
	}
	return progress.Counts{
		Read: c.Read.Load(), Ended: c.Ended.Load(), Done: c.Done.Load(), Failed: c.Failed.Load(),
		Running: int64(running), Workers: int(c.Workers.Load()), Waits: seen.Why,
	}
}
