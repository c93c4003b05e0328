package output

import (
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
