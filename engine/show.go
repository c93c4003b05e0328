package engine

import (
	"context"
	"time"

	"github.com/jobpipe/jobpipe/engine/progress"
)

// showEvery is how often the progress is drawn.
const showEvery = 100 * time.Millisecond

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
		for {
			select {
			case now := <-tick.C:
				r.writer.Status(line.Render(now, r.counts()))
			case <-ctx.Done():
				r.writer.Status(line.Render(time.Now(), r.counts()))
				return
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

func (r *Run) counts() progress.Counts {
	c := &r.server.Counts
	return progress.Counts{
		Read: c.Read.Load(), Ended: c.Ended.Load(), Done: c.Done.Load(), Failed: c.Failed.Load(),
		Running: c.Running.Load(), Workers: int(c.Workers.Load()),
	}
}
