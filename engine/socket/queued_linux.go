package socket

import "golang.org/x/sys/unix"

// Queued is how many bytes the system holds that the other side has not got.
func Queued(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}
