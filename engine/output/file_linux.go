package output

import (
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
