package commit

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/engine/disk"
	"github.com/jobpipe/jobpipe/engine/journal"
)

// Options says what a journal is opened for.
type Options struct {
	Path     string
	Settings journal.Settings
	Run      [16]byte // the name of the run, if it is a new one
	Results  *os.File
	Replace  bool                          // a new run empties the results
	Retry    bool                          // run again what has failed
	Say      func(format string, a ...any) // tells the user
}

// Open begins a journal, or takes up one that an earlier run has left: then the
// results are brought back to where the journal knows them. Its errors say what
// does not fit; nothing has been changed then.
func Open(o Options) (*Log, error) {
	r, err := placeOf(o.Results)
	if err != nil {
		return nil, err
	}
	l, err := OpenOn(disk.System{}, o, r)
	if err != nil {
		if r.File != nil {
			r.File.Close()
		}
		return nil, err
	}
	if r.File == nil {
		o.Say("results go to no regular file, where nothing can be taken back: after a crash a result may appear again; write >> FILE or use --output")
		return l, nil
	}
	if _, err := o.Results.Seek(l.pos, io.SeekStart); err != nil {
		l.Abandon()
		return nil, fmt.Errorf("cannot go to the end of %s: %w", r.Path, reason(err))
	}
	return l, nil
}

// OpenOn is Open on any disk, with the results in any place.
func OpenOn(d disk.Disk, o Options, r Place) (*Log, error) {
	f, data, err := lock(d, o.Path)
	if err != nil {
		return nil, err
	}
	defer func() { f.Close() }() // by then another has taken its place
	l := &Log{
		disk: d, path: o.Path, results: r.File,
		wake: make(chan struct{}, 1), much: make(chan struct{}, 1),
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	var s journal.State
	if len(data) == 0 {
		s, err = begin(o, r)
	} else {
		s, err = resume(d, o, r, data)
		l.resumed = true
	}
	if err != nil {
		return nil, err
	}
	if o.Retry {
		s.Retry()
	}
	s.PID, s.Boot, s.Path, s.Inode = os.Getpid(), d.Boot(), r.Path, r.Inode
	expect := s.Expect()
	s.Points, s.Tip = expect, journal.Point{}
	if n := len(expect); n > 0 {
		s.Tip = expect[n-1]
	}
	var header []byte
	l.state, header = journal.Begin(s)
	if l.file, err = replace(d, o.Path, header); err != nil {
		return nil, err
	}
	l.size, l.synced = int64(len(header)), int64(len(header))
	l.run, l.done, l.failedBefore = s.Run, s.Done, s.Failed
	l.input = journal.NewInput(s.Delim, expect)
	l.pos, l.sum, l.fresh = s.End, s.Sum, s.End
	return l, nil
}

// A process that was killed while it started another leaves that one with the
// lock, until it has become the program that it is to be.
const (
	lockTries = 100
	lockPause = 20 * time.Millisecond
)

// lock opens a journal that nobody else uses, and reads it.
func lock(d disk.Disk, path string) (f disk.File, data []byte, err error) {
	for try := 1; ; try++ {
		if f, err = d.Open(path); err != nil {
			return nil, nil, fmt.Errorf("cannot open the journal %s: %w", path, reason(err))
		}
		locked := f.Lock()
		if locked == nil && !d.Is(f, path) {
			f.Close() // replaced in between
			continue
		}
		data, err = read(f)
		switch {
		case locked == disk.ErrLocked:
			h, _ := journal.Replay(data)
			if try < lockTries && (h.PID == 0 || !d.Lives(h.PID)) {
				f.Close()
				time.Sleep(lockPause)
				continue
			}
			err = fmt.Errorf("the journal %s is in use by process %d; wait for it, or stop it first", path, h.PID)
		case locked != nil:
			err = fmt.Errorf("cannot lock the journal %s, so another could use it, too: %w", path, reason(locked))
		case err != nil:
			err = fmt.Errorf("cannot read the journal %s: %w", path, reason(err))
		}
		if err != nil {
			f.Close()
			return nil, nil, err
		}
		return f, data, nil
	}
}

func read(f disk.File) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, size))
}

// replace makes a journal of data, in place of the one there is.
func replace(d disk.Disk, path string, data []byte) (disk.File, error) {
	f, err := d.Create(path + ".new")
	if err != nil {
		return nil, fmt.Errorf("cannot make the journal %s.new: %w", path, reason(err))
	}
	if err = writeAll(f, data); err == nil {
		err = f.Lock()
	}
	if err == nil {
		err = d.Rename(path+".new", path)
	}
	if err != nil {
		f.Close()
		_ = d.Remove(path + ".new") // it may have the last bytes of a full disk
		return nil, fmt.Errorf("cannot make the journal %s: %w", path, reason(err))
	}
	return f, nil
}

// begin is the state of a new run.
func begin(o Options, r Place) (s journal.State, err error) {
	s = journal.State{Settings: o.Settings, Run: o.Run}
	if r.File == nil {
		return s, nil
	}
	size, err := r.File.Size()
	if err == nil && o.Replace && size > 0 {
		size, r.Pos = 0, 0
		err = r.File.Truncate(0)
	}
	if err != nil {
		return s, fmt.Errorf("cannot begin the results in %s: %w", r.Path, reason(err))
	}
	if r.Pos != size {
		return s, fmt.Errorf("%s has %d bytes behind the place where results would begin, and a journal needs them at its end; write >> instead of <>", r.Path, size-r.Pos)
	}
	s.Base, s.End = size, size
	return s, nil
}

// resume is the state to go on from. It brings the results there.
func resume(d disk.Disk, o Options, r Place, data []byte) (s journal.State, err error) {
	h, err := journal.Replay(data)
	var damaged *journal.Damaged
	switch {
	case errors.As(err, &damaged) && !damaged.Synced && !running(d, &h.State):
		// A power cut may have left it so.
	case damaged != nil:
		return s, fmt.Errorf("the journal %s: %w; to run them again: truncate -s %d %s", o.Path, err, damaged.Offset, o.Path)
	case err != nil:
		return s, fmt.Errorf("%s cannot be used as a journal: %w; name another, or remove it to begin anew", o.Path, err)
	}
	if err := fits(&h.State, o, r); err != nil {
		return s, fmt.Errorf("the journal %s does not fit: %w", o.Path, err)
	}
	if h.Torn > 0 {
		o.Say("the journal %s has a torn end of %d bytes, as a crash leaves it: cut off", o.Path, h.Torn)
	}
	if r.File == nil {
		return h.State, nil
	}
	back, err := verify(d, &h, data, r)
	if err != nil {
		return s, fmt.Errorf("the journal %s: %w", o.Path, err)
	}
	if n := h.Done.Count() - back.Done.Count(); n > 0 {
		o.Say("the results of %s did not reach the disk, and so what was done is run again", jobs(n))
	}
	return back.State, restore(&back.State, r)
}

// running reports whether the system has run since s was written: what was
// written is there, whether on disk or not.
func running(d disk.Disk, s *journal.State) bool { return s.Boot != "" && s.Boot == d.Boot() }

func jobs(n uint64) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// fits compares what has to be the same.
func fits(s *journal.State, o Options, r Place) error {
	yes := func(b bool) string {
		if b {
			return "with"
		}
		return "without"
	}
	was, is := s.Settings, o.Settings
	switch {
	case was.Delim != is.Delim:
		return fmt.Errorf("it is of a run %s --null, this one is %s", yes(was.Delim == 0), yes(is.Delim == 0))
	case was.KeepOrder != is.KeepOrder:
		return fmt.Errorf("it is of a run %s --keep-order, this one is %s", yes(was.KeepOrder), yes(is.KeepOrder))
	case was.Lines != is.Lines:
		return fmt.Errorf("it is of a run %s --lines, this one is %s", yes(was.Lines), yes(is.Lines))
	case was.Format != is.Format:
		return fmt.Errorf("its results are %v, this run's would be %v", was.Format, is.Format)
	case !slices.Equal(was.Command, is.Command):
		return fmt.Errorf("it is of a run of %q, this one is of %q", strings.Join(was.Command, " "), strings.Join(is.Command, " "))
	case s.Regular() && r.File == nil:
		return fmt.Errorf("its results are in %s, this run's would go to no regular file; write >> %s", s.Path, s.Path)
	case !s.Regular() && r.File != nil:
		return fmt.Errorf("its results went to no regular file, this run's would go to %s", r.Path)
	}
	return nil
}

// verify finds the last record whose results are whole.
func verify(d disk.Disk, h *journal.History, data []byte, r Place) (back journal.History, err error) {
	size, err := r.File.Size()
	if err != nil {
		return back, fmt.Errorf("cannot look at %s: %w", r.Path, reason(err))
	}
	least := h.Synced // what has to be there
	if running(d, &h.State) {
		least = h.End
	}
	n := jobs(h.Done.Count())
	other := r.Inode != h.Inode
	switch {
	case size == 0 && least > 0:
		return back, fmt.Errorf("it has the results of %s, and %s is empty; write >> %s or use --output, and if it was emptied remove the journal, too, to begin anew", n, r.Path, r.Path)
	case size < least:
		return back, fmt.Errorf("it has the results of %s in %d bytes, and %s has %d; the results were in %s", n, least, r.Path, size, h.Path)
	case size != h.End && (h.Closed || other):
		return back, fmt.Errorf("the results of %s end at byte %d of %s, and %s has %d: it is another file, or somebody has written to it", n, h.End, h.Path, r.Path, size)
	}
	last, err := lastWhole(h, r, size)
	if err != nil {
		return back, err
	}
	if last == nil || last.End < h.Synced || other && last.End != h.End {
		return back, fmt.Errorf("%s has been changed: it does not hold the results of %s any more that were written to it; bring it back, or remove it and the journal to begin anew", r.Path, n)
	}
	return h.Back(data, *last)
}

// copySize is how much of the results is read at a time.
const copySize = 1 << 20

// lastWhole returns the last mark at which the results have the checksum that
// they had, or nil.
func lastWhole(h *journal.History, r Place, size int64) (last *journal.Mark, err error) {
	buf := make([]byte, max(0, min(copySize, size-h.Base)))
	at, sum := h.Base, uint32(0)
	for i := range h.Marks {
		m := &h.Marks[i]
		for at < m.End && at < size {
			n, err := r.File.ReadAt(buf[:min(int64(len(buf)), m.End-at, size-at)], at)
			if n == 0 {
				return nil, fmt.Errorf("cannot read %s: %w", r.Path, reason(err))
			}
			sum = crc32.Update(sum, castagnoli, buf[:n])
			at += int64(n)
		}
		if at != m.End || sum != m.Sum {
			break
		}
		last = m
	}
	return last, nil
}

// restore cuts off what is behind the results of s, and brings all of them to
// disk. What was not synced is written again: after a failed sync the system may
// take for clean what never reached the disk.
func restore(s *journal.State, r Place) error {
	size, err := r.File.Size()
	if err == nil && size > s.End {
		err = r.File.Truncate(s.End)
	}
	buf := make([]byte, min(copySize, s.End-s.Synced))
	for at := s.Synced; err == nil && at < s.End; {
		var n int
		if n, err = r.File.ReadAt(buf[:min(int64(len(buf)), s.End-at)], at); n > 0 {
			_, err = r.File.WriteAt(buf[:n], at)
		}
		at += int64(n)
	}
	if err == nil && (size > s.End || s.Synced < s.End || s.Inode != r.Inode) {
		err = r.File.Sync()
	}
	if err != nil {
		return fmt.Errorf("cannot bring %s back to where the journal knows it: %w", r.Path, reason(err))
	}
	return nil
}

// writeAll makes a file of data that is on disk.
func writeAll(f disk.File, data []byte) error {
	if _, err := f.WriteAt(data, 0); err != nil {
		return fmt.Errorf("writing: %w", reason(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing: %w", reason(err))
	}
	return nil
}

// reason is what went wrong, without the name of the file.
func reason(err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
