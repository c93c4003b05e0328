// Package signals turns INT, TERM and HUP into the two ways to end early: the
// first one drains, the second one stops at once. Should even that take too
// long, a third one ends the process as if nobody had caught it.
//
// Signals that the process was started with ignored, by nohup or by a shell
// that runs it in the background, stay ignored.
package signals

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// A Watch waits for signals.
type Watch struct {
	Drain   <-chan struct{} // closed at the first one
	Context context.Context // done at the second one
	drain   chan struct{}
	stop    context.CancelFunc
	ending  []os.Signal // those that were not ignored
	first   atomic.Int64
}

// New looks which signals are ignored. It has to come before package command
// puts handlers on those, for the sake of jobs. Until Catch, signals end the
// process.
func New() *Watch {
	w := &Watch{drain: make(chan struct{})}
	w.Drain = w.drain
	w.Context, w.stop = context.WithCancel(context.Background())
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			w.ending = append(w.ending, s)
		}
	}
	// Without a handler, Go would end us when nobody reads our stderr any more.
	// A signal that is handled, unlike one that is ignored, is not passed on to
	// the processes we start.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return w
}

// Catch begins to wait for signals, for as long as the process lives. With each
// of the first two, told is called with its number, 1 or 2; it may be nil.
func (w *Watch) Catch(told func(number int)) {
	if len(w.ending) == 0 { // of none, Notify would make all
		return
	}
	if told == nil {
		told = func(int) {}
	}
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, w.ending...)
	go func() {
		w.first.Store(int64((<-caught).(syscall.Signal)))
		told(1)
		close(w.drain)
		<-caught
		signal.Reset(w.ending...)
		told(2)
		w.stop()
	}()
}

// First returns the first signal that came, or 0.
func (w *Watch) First() syscall.Signal { return syscall.Signal(w.first.Load()) }

// Status is the exit status of a program that was ended by a signal.
func Status(s syscall.Signal) int { return 128 + int(s) }
