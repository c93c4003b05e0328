package commit

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/engine/disk"
)

// A Place is where results are written.
type Place struct {
	File  disk.File // nil: no regular file
	Path  string
	Inode uint64
	Pos   int64 // where the next write goes
}

// placeOf looks at the file that results are written to.
func placeOf(f *os.File) (r Place, err error) {
	info, err := f.Stat()
	if err != nil {
		return r, fmt.Errorf("cannot look at the results: %w", reason(err))
	}
	if !info.Mode().IsRegular() {
		return r, nil
	}
	second, path, err := again(f)
	if err != nil {
		return r, fmt.Errorf("a journal reads the results back, and they cannot be: %w", reason(err))
	}
	r = Place{File: disk.Of(second), Path: path, Inode: uint64(info.Sys().(*syscall.Stat_t).Ino), Pos: info.Size()}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err == nil && flags&unix.O_APPEND == 0 {
		r.Pos, err = f.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		second.Close()
		return r, fmt.Errorf("cannot look at the results: %w", reason(err))
	}
	return r, nil
}
