package trace

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	// mostHeld is how many bytes of events wait for the disk. What comes while so
	// many wait is left out: the run does not wait for its trace.
	mostHeld = 8 << 20
	// patience is how long the end of the run waits for the rest to be written.
	patience = 5 * time.Second
)

// A File writes events to a file in the background. Its methods may be called by
// any goroutine.
type File struct {
	file  *os.File // the caller's to close
	held  int
	done  chan struct{}
	whole int64 // bytes in the file that end an event: the goroutine's

	mu      sync.Mutex
	work    sync.Cond // buf is not empty, or closing
	buf     []byte
	missing int // events left out
	closing bool
	err     error
}

// NewFile begins a trace in an empty file. Fail is called once, by another
// goroutine, when the file takes no more.
func NewFile(file *os.File, fail func(error)) *File { return newFile(file, mostHeld, fail) }

func newFile(file *os.File, held int, fail func(error)) *File {
	f := &File{file: file, held: held, done: make(chan struct{}), buf: []byte("[\n")}
	f.work.L = &f.mu
	go f.run(fail)
	return f
}

// Write takes whole events, which are copied. It never waits, and does not fail:
// what there is no room for is counted.
func (f *File) Write(events []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.err != nil || f.closing:
	case len(f.buf)+len(events) > f.held:
		f.missing += bytes.Count(events, []byte{'\n'})
	default:
		f.buf = append(f.buf, events...)
		f.work.Signal()
	}
	return len(events), nil
}

// ErrStuck says that the file did not take the end of the trace in time.
var ErrStuck = errors.New("it takes no more")

// Close ends the trace, and returns how many events were left out because the
// file was too slow. The error is ErrStuck or what fail was told.
func (f *File) Close() (missing int, err error) {
	f.mu.Lock()
	if !f.closing {
		f.closing = true
		end := Event{Name: "the trace ends", Phase: Metadata, Args: Args{Count: uint64(f.missing)}}
		last := bytes.TrimSuffix(Append(nil, &end), []byte(",\n"))
		f.buf = append(append(f.buf, last...), "\n]\n"...)
	}
	f.mu.Unlock()
	f.work.Signal()
	select {
	case <-f.done:
	case <-time.After(patience):
		err = ErrStuck
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.missing, cmp.Or(f.err, err)
}

// run is the goroutine that writes.
func (f *File) run(fail func(error)) {
	defer close(f.done)
	var events []byte
	for {
		f.mu.Lock()
		for len(f.buf) == 0 && !f.closing {
			f.work.Wait()
		}
		if len(f.buf) == 0 {
			f.mu.Unlock()
			return
		}
		events, f.buf = f.buf, events[:0]
		f.mu.Unlock()
		n, err := f.file.Write(events)
		if err == nil {
			f.whole += int64(n)
			continue
		}
		// What is there can still be opened when it ends with a whole event.
		f.whole += int64(bytes.LastIndexByte(events[:n], '\n') + 1)
		_ = f.file.Truncate(f.whole)
		var e *fs.PathError
		if errors.As(err, &e) {
			err = e.Err
		}
		f.mu.Lock()
		f.err, f.buf = err, nil
		f.mu.Unlock()
		fail(err)
		return
	}
}
