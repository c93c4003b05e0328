package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/cmd/internal/signals"
	"github.com/jobpipe/jobpipe/engine"
	"github.com/jobpipe/jobpipe/engine/command"
)

// The exit statuses, besides those of signals.
const (
	allDone    = 0
	someFailed = 1
	nothingRan = 2
	stopped    = 3
)

// verdict is the exit status of a run and, unless it is empty, what is said on
// stderr at the end. by is the signal that came, or 0; told, that how many failed is
// said already, or not wanted.
func verdict(r engine.Report, err error, by syscall.Signal, told bool) (status int, words string) {
	if by != 0 && errors.Is(err, context.Canceled) {
		err = nil
	}
	done := fmt.Sprintf("%d of %d read %s done, %d failed", r.Done, r.Read, jobs(r.Read), r.Failed)
	if r.Resumable {
		done += "; the same command line (with >>, not >) goes on from here"
	}
	switch {
	case errors.Is(err, engine.ErrStdoutClosed):
		return signals.Status(syscall.SIGPIPE), ""
	case errors.Is(err, command.ErrCannotRun) && r.Done == 0:
		return nothingRan, oneLine(err)
	case errors.Is(err, engine.ErrChanged) && r.Done == 0:
		return nothingRan, oneLine(err) + "; nothing was run"
	case err != nil:
		return stopped, fmt.Sprintf("%s; %s", oneLine(err), done)
	case by != 0:
		return signals.Status(by), fmt.Sprintf("stopped by %s: %s", unix.SignalName(by), done)
	case r.Failed > 0 && told:
		return someFailed, ""
	case r.Failed > 0:
		return someFailed, fmt.Sprintf("%d of %d %s failed", r.Failed, r.Done, jobs(r.Done))
	}
	return allDone, ""
}

func jobs(n int64) string {
	if n == 1 {
		return "job"
	}
	return "jobs"
}

// oneLine makes errors that were joined one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
