package command

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// firstDoubt is how long a process is still before it is taken to wait for input
// when it may also wait for something else: an event loop that watches a
// connection too, one thread of a pair, one end of a pipeline.
const firstDoubt = mostDoubt

// pipeSize is what a pipe holds.
const pipeSize = 256 << 10

// widen makes a pipe larger. Without the privilege it may have to stay as it is.
func widen(fd int) { _, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, pipeSize) }

// doing looks at what the process and its descendants are blocked in. They wait
// for input when the pipe is empty, one of them is in a read of it, and all
// others wait for each other.
func (p *process) doing() doing {
	unread, known := p.unread()
	if unread > 0 {
		return busy
	}
	var st unix.Stat_t
	if !known || unix.Fstat(p.in, &st) != nil {
		return unsure
	}
	s := sighting{input: "pipe:[" + strconv.FormatUint(st.Ino, 10) + "]"}
	s.process(strconv.Itoa(p.pid))
	switch {
	case s.unknown:
		return unsure
	case !s.reads:
		return busy
	case s.occupied:
		return unsure
	}
	return waiting
}

// unread is how much is in the pipe that the process reads.
func (p *process) unread() (n int, known bool) {
	n, err := unix.IoctlGetInt(p.in, unix.TIOCINQ)
	return n, err == nil
}

// A sighting is what was seen in a tree of processes.
type sighting struct {
	input    string // what the link to our pipe says
	seen     int    // processes
	reads    bool   // somebody waits for input
	occupied bool   // somebody does something else, or waits for something else
	unknown  bool   // something could not be made out
}

// process looks at a process and its descendants. What has exited meanwhile does
// nothing any more.
func (s *sighting) process(pid string) {
	const most = 200 // who has more may be slow to be seen through
	if s.seen++; s.seen > most || !hasChildren() {
		s.unknown = true
		return
	}
	dir := "/proc/" + pid + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil {
		s.failed(err)
		return
	}
	for _, t := range threads {
		call, err := os.ReadFile(dir + t.Name() + "/syscall")
		if err != nil {
			s.failed(err)
			continue
		}
		s.thread(pid, strings.Fields(string(call)))
		children, err := os.ReadFile(dir + t.Name() + "/children")
		if err != nil {
			s.failed(err)
		}
		for _, child := range strings.Fields(string(children)) {
			s.process(child)
		}
	}
}

// exited tells whether a process is a zombie: its parent has not asked how it ended.
func exited(pid string) bool {
	stat, _ := os.ReadFile("/proc/" + pid + "/stat")
	return bytes.Contains(stat, []byte(") Z "))
}

// failed notes what was not allowed; what is gone is no failure.
func (s *sighting) failed(err error) {
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
		s.unknown = true
	}
}

// hasChildren tells whether the system lists the children of a thread.
var hasChildren = sync.OnceValue(func() bool {
	_, err := os.Stat("/proc/thread-self/children")
	return err == nil
})

// thread looks at what a thread is blocked in: the number of the system call
// and its arguments.
func (s *sighting) thread(pid string, call []string) {
	if len(call) < 4 { // it runs, or is somewhere in the system for another reason
		s.occupied = s.occupied || !exited(pid)
		return
	}
	arg := func(i int) uint64 {
		v, _ := strconv.ParseUint(strings.TrimPrefix(call[i], "0x"), 16, 64)
		return v
	}
	nr, _ := strconv.Atoi(call[0])
	switch callOf(nr) {
	case readCall:
		s.descriptor(pid, arg(1))
	case pollCall:
		s.polled(pid, arg(1), arg(2))
		s.limited(nr, arg(3))
	case selectCall:
		s.selected(pid, arg(1), arg(2))
		s.limited(nr, arg(5))
	case epollCall:
		s.epolled(pid, arg(1))
		s.limited(nr, arg(4))
	case joinCall:
	case opaqueCall:
		s.unknown = true
	default:
		s.occupied = true
	}
}

// descriptor notes that a thread waits for something to read.
func (s *sighting) descriptor(pid string, fd uint64) {
	to, err := os.Readlink("/proc/" + pid + "/fd/" + strconv.FormatUint(fd, 10))
	switch {
	case err != nil:
		s.unknown = true
	case to == s.input:
		s.reads = true
	case to == "anon_inode:[eventpoll]":
		s.epolled(pid, fd)
	case to == "anon_inode:[io_uring]":
		s.unknown = true
	case to == "anon_inode:[timerfd]":
		s.occupied = true
	case strings.HasPrefix(to, "pipe:") || strings.HasPrefix(to, "anon_inode:"):
		// Of another process here, or of another thread.
	default:
		s.occupied = true
	}
}

// limited notes that a thread waits for a time to pass as well. How long is in
// milliseconds, or at an address where there may be none.
func (s *sighting) limited(nr int, timeout uint64) {
	never := timeout == 0
	if slices.Contains(inMillis, nr) {
		never = int32(timeout) < 0
	}
	s.occupied = s.occupied || !never
}

// polled reads the descriptors of a poll.
func (s *sighting) polled(pid string, at, n uint64) {
	const size = 8 // i32 fd | i16 events | i16 revents
	set := s.memory(pid, at, min(n, 1024)*size)
	for ; len(set) >= size; set = set[size:] {
		fd := int32(binary.NativeEndian.Uint32(set))
		if fd >= 0 && binary.NativeEndian.Uint16(set[4:])&unix.POLLIN != 0 {
			s.descriptor(pid, uint64(fd))
		}
	}
}

// selected reads the descriptors of a select: a bit each.
func (s *sighting) selected(pid string, n, at uint64) {
	if at == 0 {
		s.occupied = true // a way to sleep
		return
	}
	n = min(n, 1024)
	set := s.memory(pid, at, (n+63)/64*8)
	for fd := uint64(0); fd < n && fd/64*8 < uint64(len(set)); fd++ {
		if binary.NativeEndian.Uint64(set[fd/64*8:])&(1<<(fd%64)) != 0 {
			s.descriptor(pid, fd)
		}
	}
}

// epolled reads the descriptors that an epoll watches.
func (s *sighting) epolled(pid string, fd uint64) {
	info, err := os.ReadFile("/proc/" + pid + "/fdinfo/" + strconv.FormatUint(fd, 10))
	if err != nil {
		s.unknown = true
		return
	}
	for line := range bytes.Lines(info) {
		if f := strings.Fields(string(line)); len(f) > 1 && f[0] == "tfd:" {
			fd, _ := strconv.ParseUint(f[1], 10, 31)
			s.descriptor(pid, fd)
		}
	}
}

// memory reads the memory of a process.
func (s *sighting) memory(pid string, at, n uint64) []byte {
	b := make([]byte, n)
	f, err := os.Open("/proc/" + pid + "/mem")
	if err != nil {
		s.unknown = true
		return nil
	}
	defer f.Close()
	if _, err := f.ReadAt(b, int64(at)); err != nil {
		s.unknown = true
		return nil
	}
	return b
}
