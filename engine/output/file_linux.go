package output

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	pipeSize = 1 << 20  // the most a pipe of an ordinary user may hold
	punchMin = 16 << 10 // below it, giving back room on disk costs more than it brings
)

// widen makes a pipe larger, as far as allowed, so that writer and reader wait
// for each other less often. It does nothing to other files.
func widen(fd int) {
	if n, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0); err == nil && n < pipeSize {
		unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, pipeSize)
	}
}

// punch gives the room of a stretch of the file back to the disk, where the
// file system can: in a long run there may always be something in the
// temporary file, so that it never starts again at its beginning.
func punch(f *os.File, off, n int64) {
	if n >= punchMin {
		unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	}
}

// reopen opens the pipe behind a descriptor once more, as one that does not
// block; of other files, and where that is not allowed, it returns -1.
func reopen(fd int) int {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return -1
	}
	ours, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return ours
}
