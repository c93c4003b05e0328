package commit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A file is what is needed of one. Tests have files that lose what was not
// synced.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Size() (int64, error)
	Lock() error // fails with errLocked where another process has it
}

// A disk is where files have names.
type disk interface {
	Open(name string) (file, error)   // makes it where there is none
	Create(name string) (file, error) // new and empty
	Rename(from, to string) error     // which is on disk when it returns
	Is(f file, name string) bool      // whether the name is still that file's
	Boot() string
	Lives(pid int) bool
}

var errLocked = errors.New("another process uses it")

// system is the disk of the system.
type system struct{}

// An osFile is a file of the system.
type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Lock() error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return errLocked
	}
	return err
}

// private is the mode of a journal: it says what a user's jobs are.
const private = 0o600

func (system) Open(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NONBLOCK, private)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(errors.New("it is no regular file"), err)
	}
	return osFile{f}, nil
}

func (system) Create(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, private)
	return osFile{f}, err
}

func (system) Rename(from, to string) error {
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

func (system) Is(f file, name string) bool {
	here, err := f.(osFile).Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(here, there)
}

// Lives reports whether there is such a process.
func (system) Lives(pid int) bool { return unix.Kill(pid, 0) != unix.ESRCH }

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

// writeAll makes a file of data that is on disk.
func writeAll(f file, data []byte) error {
	if _, err := f.WriteAt(data, 0); err != nil {
		return fmt.Errorf("writing: %w", reason(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing: %w", reason(err))
	}
	return nil
}
