package engine

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jobpipe/jobpipe/engine/accept"
	"github.com/jobpipe/jobpipe/engine/socket"
	"github.com/jobpipe/jobpipe/engine/worker"
)

// work is this machine's own worker. It returns when the run is over, ctx is
// done, or no job can be run here.
func (r *Run) work(ctx context.Context) error {
	for {
		err := r.workOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, worker.ErrLost) {
			return err
		}
		select {
		case <-r.server.Over():
			return nil
		default: // it was cut off, and starts anew
			r.log.Warn("own worker lost", fmt.Sprintf("this machine's own worker: %v; it starts anew", err), "why", err)
		}
	}
}

func (r *Run) workOnce(ctx context.Context) error {
	near, far, err := socket.Pair()
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		name = "local"
	}
	ended := make(chan error, 1)
	go func() {
		ended <- worker.Serve(ctx, far, worker.Config{
			Name: name, Slots: r.opt.Slots, Compress: "none", Command: r.opt.Command, Lines: r.opt.Lines, Log: r.log,
		})
	}()
	peer, err := accept.Private(near)
	if err != nil {
		near.Close()
		return errors.Join(<-ended, err)
	}
	r.server.Enroll(near, peer, func() {})
	return <-ended
}
