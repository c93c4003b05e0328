package main

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

func checkStdin(f *os.File) error {
	info, mode, err := look(f)
	switch {
	case err != nil || isClosed(f):
		return errors.New("stdin is closed; jobs are read from it, as in: < jobs.txt")
	case info.IsDir():
		return errors.New("stdin is a directory; jobs are read from a file or a pipe, as in: < jobs.txt")
	case mode == unix.O_WRONLY:
		return errors.New("stdin is open for writing only; jobs are read from it, as in: < jobs.txt")
	}
	return nil
}

func checkStdout(f *os.File) error {
	_, mode, err := look(f)
	switch {
	case err != nil || isClosed(f):
		return errors.New("stdout is closed, so results would be lost; name a file with --output (/dev/null if you do not want them)")
	case mode == unix.O_RDONLY:
		return errors.New("stdout is open for reading only, so results would be lost; write > FILE")
	}
	return nil
}

// look returns what a descriptor is and what may be done with it.
func look(f *os.File) (info fs.FileInfo, access int, err error) {
	if info, err = f.Stat(); err != nil {
		return nil, 0, err
	}
	c, err := f.SyscallConn()
	if err != nil {
		return nil, 0, err
	}
	controlled := c.Control(func(fd uintptr) {
		var flags int
		flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0)
		access = flags & unix.O_ACCMODE
	})
	return info, access, errors.Join(controlled, err)
}

// isTerminal tells whether somebody sits there.
func isTerminal(f *os.File) bool {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	_ = c.Control(func(fd uintptr) { _, err = unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ) })
	return err == nil
}

// isClosed tells whether a standard descriptor was closed when we were started.
// Go has opened /dev/null in its place by then, for reading and writing, which
// a shell never does. Some programs do, but as one file for several descriptors.
//
// To take the one for the other costs an error with a hint at once; the other
// way round, all results.
func isClosed(f *os.File) bool {
	info, access, err := look(f)
	if err != nil || access != unix.O_RDWR {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null) && !isShared(f)
}
