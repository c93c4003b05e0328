// Package disk is where files have names: what a journal needs of a file system,
// and no more. System is that of the machine; disktest has one in memory that
// fails, tears what is written, and loses what was not synced.
package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A File is a file that is written anywhere.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Size() (int64, error)
	Lock() error // fails with ErrLocked where another process has it
}

// A Disk is where files have names.
type Disk interface {
	Open(name string) (File, error)   // makes it where there is none
	Create(name string) (File, error) // new and empty
	Rename(from, to string) error     // which is on disk when it returns
	Remove(name string) error
	Is(f File, name string) bool // whether the name is still that file's
	Boot() string                // the same as long as nothing that was written can be lost
	Lives(pid int) bool          // whether there is such a process
}

// ErrLocked says that another process has a file.
var ErrLocked = errors.New("another process uses it")

// System is the disk of the system.
type System struct{}

// Of is a file of the system that is open.
func Of(f *os.File) File { return file{f} }

// A file is one of the system.
type file struct{ *os.File }

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f file) Lock() error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return ErrLocked
	}
	return err
}

// private is the mode of a file: a journal says what a user's jobs are.
const private = 0o600

func (System) Open(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NONBLOCK, private)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(errors.New("it is no regular file"), err)
	}
	return file{f}, nil
}

func (System) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, private)
	return file{f}, err
}

func (System) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (System) Remove(name string) error { return os.Remove(name) }

func (System) Is(f File, name string) bool {
	here, err := f.(file).Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(here, there)
}

// Lives reports whether there is such a process.
func (System) Lives(pid int) bool { return unix.Kill(pid, 0) != unix.ESRCH }
