package output

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A sink is a file that is written in sequence, with write(2) itself: os.File
// would end the process at an EPIPE of stdout, and would make a non-blocking
// stdout, which other processes may share, a blocking one.
type sink struct {
	file   *os.File // keeps fd open, unless that is ours
	fd     int
	ours   bool // fd is to be closed
	made   time.Time
	since  atomic.Int64 // when the write that goes on began, in ns since made; 0: none does
	err    error        // the first error; nothing is written after it
	status *status      // where it stands on the same terminal; nil: it does not
	tap    func([]byte) // told what was written; nil: nobody is
	tame   *tame        // of a terminal; nil: everything goes through as it is
	whole  bool         // what is written is whole lines, and half a one does not stay

	// meanwhile is called again and again while the file takes nothing, with how
	// often that has been; nil: it is just waited for.
	meanwhile func(looks int)
}

func newSink(f *os.File) (*sink, error) {
	s := &sink{file: f, made: time.Now()}
	c, err := f.SyscallConn()
	if err == nil {
		err = c.Control(func(fd uintptr) { s.fd = int(fd) })
	}
	if err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w", s.name(), err)
	}
	return s, nil
}

// write writes all of b, or returns the sink's first error. After that it
// writes nothing: a second attempt would leave a gap.
func (s *sink) write(b []byte) error {
	if s.tame != nil {
		b = s.tame.clean(b)
	}
	return s.pass(b)
}

// end writes what is held back.
func (s *sink) end() {
	if s.tame != nil {
		_ = s.pass(s.tame.rest())
	}
}

// close closes what is not the caller's to close.
func (s *sink) close() {
	if s.ours {
		_ = unix.Close(s.fd)
	}
}

// pass is write for what needs no taming.
func (s *sink) pass(b []byte) error {
	if s.status == nil || len(b) == 0 {
		return s.put(b)
	}
	return s.status.around(b, s.put)
}

// put is write without a thought for the status.
func (s *sink) put(b []byte) error {
	all := b
	defer s.since.Store(0)
	for len(b) > 0 && s.err == nil {
		s.since.Store(max(1, int64(time.Since(s.made))))
		n, err := unix.Write(s.fd, b)
		switch {
		case n > 0:
			b = b[n:]
		case err == nil:
			s.err = io.ErrShortWrite
		case err == unix.EAGAIN:
			s.err = s.wait()
		case err != unix.EINTR:
			s.err = err
		}
	}
	if s.err != nil && s.whole {
		s.cutBack(all[:len(all)-len(b)])
	}
	if s.tap != nil && s.err == nil {
		s.tap(all)
	}
	return s.err
}

// cutBack takes the beginning of a line away again that was the end of what was
// written. Where that cannot be taken back, it stays.
func (s *sink) cutBack(written []byte) {
	torn := len(written) - (bytes.LastIndexByte(written, '\n') + 1)
	if at, err := unix.Seek(s.fd, 0, io.SeekCurrent); err == nil && torn > 0 {
		_ = unix.Ftruncate(s.fd, at-int64(torn))
	}
}

// stuck is for how long the write that goes on has taken. Any goroutine may ask.
func (s *sink) stuck() time.Duration {
	since := s.since.Load()
	if since == 0 {
		return 0
	}
	return time.Since(s.made) - time.Duration(since)
}

// ready reports whether a write would not wait.
func (s *sink) ready() bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, 0)
	return n > 0 && err == nil
}

// explain says what could not be written where; nil stays nil.
func (s *sink) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write %s to %s: %w", what, s.name(), err)
}

func (s *sink) name() string {
	switch s.file.Name() {
	case "/dev/stdout":
		return "stdout"
	case "/dev/stderr":
		return "stderr"
	}
	return s.file.Name()
}
