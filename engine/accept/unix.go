package accept

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// maxPath is the longest path of a socket, in bytes: 107 on Linux, 103 on BSD.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// listenUnix opens a socket that only this user may connect to. A socket that a
// dead process left behind is replaced; nothing else at path is ever touched.
func listenUnix(path string) (*listener, error) {
	fail := func(format string, args ...any) (*listener, error) {
		return nil, fmt.Errorf("cannot listen on unix:%s: %w", path, fmt.Errorf(format, args...))
	}
	switch {
	case path == "":
		return fail("there is no path; write unix:PATH")
	case strings.HasPrefix(path, "@"):
		return fail("a name that begins with @ has no file, so any user could connect; write ./@NAME if a file is meant")
	case strings.Contains(path, "\x00"):
		return fail("the path holds a NUL")
	case len(path) > maxPath:
		return fail("the path is longer than %d bytes; choose a shorter one", maxPath)
	}
	name := path
	if abs, err := filepath.Abs(path); err == nil {
		name = abs // a worker may have another working directory
	}

	unlock := lockDir(filepath.Dir(path))
	defer unlock()
	if err := removeStale(path); err != nil {
		return fail("%w", err)
	}
	// The socket has its mode from the moment it exists. The mask is the whole
	// process's, for the time of one system call.
	mask := syscall.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(mask)
	if err != nil {
		return fail("%w", errnoOf(err))
	}
	l.SetUnlinkOnClose(false) // it would remove whatever is there by then
	ours, err := os.Lstat(path)
	if err != nil {
		_ = l.Close()
		return fail("%w", err)
	}
	return &listener{Listener: l, name: "unix:" + name, local: true, clean: func() {
		if now, err := os.Lstat(name); err == nil && os.SameFile(now, ours) {
			_ = os.Remove(name)
		}
	}}, nil
}

// removeStale makes room at path if a socket is there that nobody listens on.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errnoOf(err)
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return errors.New("something that is not a socket is there; remove it, or choose another path")
	}
	probe, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		_ = probe.Close()
		return errors.New("another process is listening there; choose another path")
	case errors.Is(err, syscall.ECONNREFUSED):
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("a stale socket is there and cannot be removed: %w", errnoOf(err))
		}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return fmt.Errorf("a socket is there, and whether it is in use cannot be told: %w", errnoOf(err))
}

// lockDir keeps two processes from replacing the same stale socket: the later
// one would take a socket away that the earlier one has bound and not yet
// listened on. Where the directory cannot be locked we go on without, rather
// than let whoever holds a lock on /tmp stop us.
func lockDir(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for range 20 {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return func() { _ = f.Close() } // and with it the lock
}

// errnoOf is the bare system error in err: our text says what it is about.
func errnoOf(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
