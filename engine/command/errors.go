package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// lookupError says why the program was not found.
func lookupError(name string, err error) error {
	switch {
	case errors.Is(err, exec.ErrDot):
		return fmt.Errorf("%w %s: it lies in the current directory; write ./%s", ErrCannotRun, name, name)
	case errors.Is(err, exec.ErrNotFound):
		hint := ""
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			hint = "; there is a file of that name here: write ./" + name
		}
		return fmt.Errorf("%w %s: not found in PATH%s", ErrCannotRun, name, hint)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w %s: not executable; run: chmod +x %s", ErrCannotRun, name, name)
	}
	if e := (*exec.Error)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("%w %s: %v", ErrCannotRun, name, err)
}

// startError sorts the errors of pipe, fork and exec into those that may pass
// and those that will not.
func (c *Command) startError(err error) error {
	switch err {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EINTR,
		syscall.ETXTBSY: // somebody is writing the program this moment
		return fmt.Errorf("%w: %v", ErrNotStarted, err)
	case syscall.E2BIG:
		return fmt.Errorf("%w: its arguments and the environment are too long", ErrCannotRun)
	case syscall.EACCES, syscall.EPERM:
		return fmt.Errorf("%w %s: %v; is it executable, and on a file system that allows it?", ErrCannotRun, c.path, err)
	case syscall.ENOENT:
		if line, ok := interpreter(c.path); ok {
			return fmt.Errorf("%w %s: its interpreter is missing: %s", ErrCannotRun, c.path, line)
		}
	}
	return fmt.Errorf("%w %s: %v", ErrCannotRun, c.path, err)
}

// interpreter is the #! line of the program, if it is there at all.
func interpreter(path string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 256).ReadSlice('\n')
	if !bytes.HasPrefix(line, []byte("#!")) {
		return "the loader that the program names", true
	}
	return strings.TrimSpace(string(line)), true
}
