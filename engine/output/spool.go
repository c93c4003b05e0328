package output

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/jobpipe/jobpipe/engine/order"
)

// copySize is how much of the temporary file is read at a time.
const copySize = 256 << 10

// A spool is the temporary file: made when it is first needed, and unlinked at
// once, so that nothing is left behind however the process ends. What it does
// not take stays in memory.
type spool struct {
	dir    string
	file   *os.File
	buf    []byte
	extras []extra // by off; they do not overlap
	err    error   // why the last spill failed; nil when there are no extras
}

// An extra is spilled data that the file did not take.
type extra struct {
	off  int64
	data []byte
}

func (e extra) end() int64 { return e.off + int64(len(e.data)) }

// keep carries out a Spill. It does not fail: where the file takes no more, it
// keeps the data itself.
func (s *spool) keep(op *order.Op) {
	err := s.open()
	if err == nil {
		_, err = s.file.WriteAt(op.Data, op.Off)
	}
	if err == nil {
		return
	}
	s.err = s.explain(err)
	s.extras = slices.Insert(s.extras, s.first(op.Off), extra{op.Off, op.Data})
	op.Kept = int64(cap(op.Data))
	op.Data = nil
}

// retry carries out a Retry: it writes what fits now, from the beginning.
func (s *spool) retry(op *order.Op) {
	if s.err = s.open(); s.err != nil {
		s.err = s.explain(s.err)
		return
	}
	n := 0
	for _, e := range s.extras {
		if _, err := s.file.WriteAt(e.data, e.off); err != nil {
			s.err = s.explain(err)
			break
		}
		op.Kept -= int64(cap(e.data))
		n++
	}
	s.extras = slices.Delete(s.extras, 0, n)
}

func (s *spool) explain(err error) error {
	return fmt.Errorf("cannot keep results in a temporary file in %s: %w", s.place(), reason(err))
}

func (s *spool) place() string {
	if s.dir == "" {
		return os.TempDir()
	}
	return s.dir
}

func (s *spool) open() error {
	if s.file != nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, "jobpipe-")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return err
	}
	s.file = f
	return nil
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// copy writes the bytes of the op. The two errors are of writing and of reading.
func (s *spool) copy(write func([]byte) error, op *order.Op) (written, read error) {
	off, end := op.Off, op.Off+op.Len
	for off < end {
		stop := end // of what lies in the file
		i := s.first(off)
		if i < len(s.extras) && s.extras[i].off < end {
			stop = s.extras[i].off
		}
		if off < stop {
			written, read = s.copyFile(write, off, stop)
		} else {
			written = write(s.extras[i].data)
			stop = s.extras[i].end()
		}
		if read != nil || written != nil {
			return written, read
		}
		off = stop
	}
	return nil, nil
}

func (s *spool) copyFile(write func([]byte) error, off, end int64) (written, read error) {
	if s.buf == nil {
		s.buf = make([]byte, copySize)
	}
	for off < end {
		n, err := s.file.ReadAt(s.buf[:min(copySize, end-off)], off)
		if n == 0 {
			return nil, fmt.Errorf("cannot read results back from the temporary file in %s: %w", s.place(), reason(err))
		}
		if written := write(s.buf[:n]); written != nil {
			return written, nil
		}
		off += int64(n)
	}
	return nil, nil
}

// forget gives up the bytes of the op: their memory, and their room on disk.
func (s *spool) forget(op *order.Op) {
	if s.file != nil {
		punch(s.file, op.Off, op.Len)
	}
	i := s.first(op.Off)
	j := i
	for ; j < len(s.extras) && s.extras[j].off < op.Off+op.Len; j++ {
		op.Kept -= int64(cap(s.extras[j].data))
	}
	s.extras = slices.Delete(s.extras, i, j)
	if len(s.extras) == 0 {
		s.err = nil
	}
}

// first returns the index of the first extra at off or behind it. An op covers
// an extra whole or not at all.
func (s *spool) first(off int64) int {
	i, _ := slices.BinarySearchFunc(s.extras, off, func(e extra, off int64) int { return cmp.Compare(e.off, off) })
	return i
}

// reason is what went wrong, without the name of a file that has none.
func reason(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}
