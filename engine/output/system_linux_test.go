package output

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// mountTmpfs makes dir a file system of 1 MiB, or skips the test.
func mountTmpfs(t *testing.T, dir string) {
	t.Helper()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("cannot mount a small file system: ", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}

func pipeCapacity(f *os.File) (int, error) {
	return unix.FcntlInt(f.Fd(), unix.F_GETPIPE_SZ, 0)
}

// openTerminal returns both ends of a pseudo-terminal: what is written to
// terminal is read from the other.
func openTerminal(t *testing.T) (other, terminal *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("cannot open a terminal: ", err)
	}
	other = os.NewFile(uintptr(fd), "/dev/ptmx") // non-blocking, so that reads have deadlines
	t.Cleanup(func() { other.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return other, terminal
}
