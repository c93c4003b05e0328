package command

import (
	"fmt"
	"io"
	"os"
)

// inMemory is how much of one stream of a job is kept in memory. The rest of a
// longer one goes to a temporary file.
const inMemory = 1 << 20

// A Spool is what a job printed on one of its streams: the beginning in
// memory, the rest in a temporary file that has no name any more. One
// goroutine at a time uses it.
type Spool struct {
	mem  []byte
	file *os.File // nil: all is in mem
	size int64
}

// Len is how many bytes were printed.
func (s *Spool) Len() int64 { return s.size }

// Bytes is the whole of it if that is in memory.
func (s *Spool) Bytes() ([]byte, bool) { return s.mem, s.file == nil }

// ReadAt reads from offset off, as io.ReaderAt.
func (s *Spool) ReadAt(b []byte, off int64) (n int, err error) {
	if off >= s.size {
		return 0, io.EOF
	}
	if off < int64(len(s.mem)) {
		n = copy(b, s.mem[off:])
		off += int64(n)
		b = b[n:]
	}
	if len(b) == 0 {
		return n, nil
	}
	if s.file == nil {
		return n, io.EOF
	}
	m, err := s.file.ReadAt(b, off-int64(len(s.mem)))
	return n + m, err
}

// Close frees memory and file; the spool is empty then.
func (s *Spool) Close() {
	if s.file != nil {
		_ = s.file.Close()
	}
	*s = Spool{}
}

// add appends what was printed.
func (s *Spool) add(b []byte) error {
	s.size += int64(len(b))
	if s.file == nil {
		n := min(len(b), inMemory-len(s.mem))
		s.grow(n)
		s.mem = append(s.mem, b[:n]...)
		if b = b[n:]; len(b) == 0 {
			return nil
		}
		f, err := os.CreateTemp("", "jobpipe-worker-")
		if err != nil {
			return err
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return err
		}
	}
	if _, err := s.file.Write(b); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	return nil
}

// grow makes room for n more bytes in memory. It doubles what there is: append adds a
// quarter, and jobs that print much would keep the garbage collector busy.
func (s *Spool) grow(n int) {
	if need := len(s.mem) + n; need > cap(s.mem) {
		s.mem = append(make([]byte, 0, max(need, min(2*cap(s.mem), inMemory))), s.mem...)
	}
}

// cut keeps only the first n bytes, in memory.
func (s *Spool) cut(n int) {
	head := s.mem[:min(n, len(s.mem))]
	s.Close()
	s.mem, s.size = head, int64(len(head))
}
