package worker

import (
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/jobpipe/jobpipe/engine/command"
)

// errSwept: the job was ended together with the worker.
var errSwept = errors.New("ended with the worker")

// ending are the signals that make a worker leave.
var ending = []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM}

// swept tells whether a job died of a signal that the worker gets too: a batch
// system ends a worker with all that it has started, and that is no fault of the
// job. They get it one after another, so ours may be a little late.
func (c *Config) swept(r *command.Result) bool {
	signal := r.Code
	switch r.Outcome {
	case command.Signaled:
	case command.Exited:
		signal -= 128 // as shells tell of one
	default:
		return false
	}
	if c.Drain == nil || !slices.Contains(ending, syscall.Signal(signal)) {
		return false
	}
	select {
	case <-c.Drain:
		return true
	case <-time.After(sweepWait):
		return false
	}
}
