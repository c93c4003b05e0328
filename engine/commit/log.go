package commit

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/engine/disk"
	"github.com/jobpipe/jobpipe/engine/journal"
)

const (
	// syncEvery is how long results may be written and not be on disk.
	syncEvery = time.Second
	// syncBytes is how much of them is synced earlier, so that the last sync of a
	// run does not take long. A sync holds up what is written meanwhile, so there
	// should be few.
	syncBytes = 64 << 20
	// checkpointBytes is the size from which a journal is written anew.
	checkpointBytes = 16 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Log is the journal of a run that goes on. Wrote, Done and Append are called
// by the one goroutine that writes the results, Failed by any.
type Log struct {
	disk    disk.Disk
	path    string
	results disk.File // nil: they are in no regular file
	resumed bool

	done, failedBefore journal.Set // by earlier runs; not changed
	run                [16]byte

	reading sync.Mutex
	input   *journal.Input

	pos     int64  // where the next result is written: the writing goroutine's
	sum     uint32 // of all that is written: the writing goroutine's
	pending journal.Set
	end     int64  // of the results of pending
	endSum  uint32 // of all results to there

	broken  func(error) // told the first error; set by Start
	wake    chan struct{}
	much    chan struct{}
	closing chan struct{}
	ended   chan struct{}

	mu     sync.Mutex
	file   disk.File
	size   int64 // of file
	synced int64 // of it, on disk
	state  *journal.Writer
	failed journal.Set // of jobs not yet in a record
	buf    []byte
	fresh  int64 // End at the last sync
	err    error
}

// Run is the name of the run: that of the first one, when it goes on.
func (l *Log) Run() [16]byte { return l.run }

// Resumed reports whether an earlier run began the journal.
func (l *Log) Resumed() bool { return l.resumed }

// Past tells whether earlier runs are done with a job, and the first one behind
// it of which the opposite is true.
func (l *Log) Past(seq uint64) (done bool, until uint64) { return l.done.At(seq) }

// FailedBefore is the same of the jobs that have failed in earlier runs.
func (l *Log) FailedBefore(seq uint64) (failed bool, until uint64) { return l.failedBefore.At(seq) }

// Count is how many jobs earlier runs are done with.
func (l *Log) Count() uint64 { return l.done.Count() }

// Same reports whether the input has been found to be that of earlier runs as
// far as they have come. It is for the goroutine that reads the input.
func (l *Log) Same() bool { return l.input.Same() }

// Reader returns what reads the input, so that it is compared with that of
// earlier runs. It ends with an error that wraps journal.ErrChanged where it is
// another.
func (l *Log) Reader(r io.Reader) io.Reader { return &reader{r, l} }

type reader struct {
	from io.Reader
	log  *Log
}

func (r *reader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.log.reading.Lock()
	defer r.log.reading.Unlock()
	if changed := r.log.input.Feed(b[:n]); changed != nil {
		return 0, changed
	}
	if errors.Is(err, io.EOF) {
		if changed := r.log.input.End(); changed != nil {
			return n, changed
		}
	}
	return n, err
}

// Start starts to sync what is appended. What goes wrong there is told to broken,
// once.
func (l *Log) Start(broken func(error)) {
	l.broken = broken
	go l.syncing()
}

// Failed says that a job has failed for good, before its results are written.
func (l *Log) Failed(seq uint64) {
	l.mu.Lock()
	l.failed.Add(journal.Span{Lo: seq, Hi: seq + 1})
	l.mu.Unlock()
}

// Wrote says that b was written to the results.
func (l *Log) Wrote(b []byte) {
	if l.results != nil {
		l.pos += int64(len(b))
		l.sum = crc32.Update(l.sum, castagnoli, b)
	}
}

// Done says that with what was written the results of these jobs are whole, and
// nothing of another's.
func (l *Log) Done(lo, hi uint64) {
	l.pending.Add(journal.Span{Lo: lo, Hi: hi})
	l.end, l.endSum = l.pos, l.sum
}

// Append writes down what Done said since the last call.
func (l *Log) Append() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.pending.Count() == 0 {
		return l.err
	}
	if err := l.alone(); err != nil {
		return l.fail(err)
	}
	r := journal.Results{Done: l.pending.Spans(), End: l.end, Sum: l.endSum}
	for _, x := range r.Done {
		r.Failed = l.failed.Take(r.Failed, x)
	}
	l.reading.Lock()
	r.Points, r.Tip = l.input.Points(), l.input.Tip()
	l.reading.Unlock()
	if r.Tip.Offset < l.state.Tip.Offset {
		r.Tip = l.state.Tip // not all of the input that is known has been read again
	}
	l.pending = journal.Set{}
	if err := l.write(l.state.Results(l.buf[:0], &r)); err != nil {
		return err
	}
	signal(l.wake)
	if l.end-l.fresh >= syncBytes {
		signal(l.much)
	}
	return nil
}

// alone makes sure that nobody else writes to the results.
func (l *Log) alone() error {
	if l.results == nil {
		return nil
	}
	size, err := l.results.Size()
	switch {
	case err != nil:
		return fmt.Errorf("cannot look at the results: %w", reason(err))
	case size != l.pos:
		return fmt.Errorf("the results have %d bytes where %d were written: something else writes to %s", size, l.pos, l.state.Path)
	}
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// write appends a record, or leaves the journal as it was.
func (l *Log) write(record []byte) error {
	l.buf = record
	if _, err := l.file.WriteAt(record, l.size); err != nil {
		_ = l.file.Truncate(l.size) // else Open finds it torn
		return l.fail(l.explain("write", err))
	}
	l.size += int64(len(record))
	return nil
}

func (l *Log) explain(what string, err error) error {
	return fmt.Errorf("cannot %s the journal %s: %w", what, l.path, reason(err))
}

// fail notes the first error. l.mu is held.
func (l *Log) fail(err error) error {
	if l.err == nil {
		l.err = err
		if l.broken != nil {
			go l.broken(err)
		}
	}
	return l.err
}

// syncing is the goroutine that syncs.
func (l *Log) syncing() {
	defer close(l.ended)
	for {
		select {
		case <-l.wake:
		case <-l.closing:
			return
		}
		wait := time.NewTimer(syncEvery)
		select {
		case <-wait.C:
		case <-l.much:
		case <-l.closing:
			wait.Stop()
			return
		}
		wait.Stop()
		if l.Sync() != nil {
			return
		}
	}
}

// Sync brings what was appended to disk, while more is written. It is for the
// goroutine that Start starts, or, in virtual time, for whoever does its work.
func (l *Log) Sync() error {
	l.mu.Lock()
	end, err := l.state.End, l.err
	l.fresh = end
	l.mu.Unlock()
	if err == nil {
		err = l.syncResults()
	}
	l.mu.Lock()
	if err != nil {
		defer l.mu.Unlock()
		return l.fail(err)
	}
	if err = l.write(l.state.Sync(l.buf[:0], end, l.synced)); err == nil && l.size >= checkpointBytes {
		err = l.checkpoint()
	}
	l.mu.Unlock()
	if err == nil {
		err = l.syncFile()
	}
	return err
}

func (l *Log) syncResults() error {
	if l.results == nil {
		return nil
	}
	if err := l.results.Sync(); err != nil {
		return fmt.Errorf("cannot bring the results to disk: %w", reason(err))
	}
	return nil
}

// syncFile brings the journal to disk. It is for the goroutine that syncs alone:
// only that one replaces the file.
func (l *Log) syncFile() error {
	l.mu.Lock()
	size := l.size
	l.mu.Unlock()
	err := l.file.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		return l.fail(l.explain("sync", err))
	}
	l.synced = size
	return nil
}

// Checkpoint writes the journal anew. It is for who may call Sync.
func (l *Log) Checkpoint() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	return l.checkpoint()
}

// checkpoint is Checkpoint while l.mu is held, so that all results that it
// knows of can be brought to disk before.
func (l *Log) checkpoint() error {
	if err := l.syncResults(); err != nil {
		return l.fail(err)
	}
	header := l.state.Header()
	f, err := replace(l.disk, l.path, header)
	if err != nil {
		return l.fail(err)
	}
	l.file.Close()
	l.file, l.size, l.synced = f, int64(len(header)), int64(len(header))
	return nil
}

// Close writes down that all is done and brings it to disk.
func (l *Log) Close() error {
	l.stop()
	defer l.release()
	if err := l.Append(); err != nil {
		return err
	}
	if err := l.syncAll(); err != nil {
		return err
	}
	l.mu.Lock()
	record := l.state.Close
	if l.pos != l.state.End { // the beginning of a result that nobody ended
		record = func(dst []byte, file int64) []byte { return l.state.Sync(dst, l.state.End, file) }
	}
	err := l.write(record(l.buf[:0], l.synced))
	l.mu.Unlock()
	if err == nil {
		err = l.syncFile()
	}
	return err
}

// syncAll brings all that was written to disk.
func (l *Log) syncAll() error {
	l.mu.Lock()
	err := l.err
	if err == nil {
		if err = l.alone(); err == nil {
			err = l.syncResults()
		}
		if err != nil {
			err = l.fail(err)
		}
	}
	l.mu.Unlock()
	if err == nil {
		err = l.syncFile()
	}
	return err
}

// Abandon leaves the journal as a crash would.
func (l *Log) Abandon() {
	l.stop()
	l.release()
}

func (l *Log) stop() {
	close(l.closing)
	if l.broken != nil {
		<-l.ended
	}
}

func (l *Log) release() {
	l.file.Close()
	if l.results != nil {
		l.results.Close()
	}
}
