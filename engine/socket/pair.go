package socket

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Pair returns the two ends of a private Unix socket: one for the coordinator, one for a
// worker in this process.
func Pair() (near, far net.Conn, err error) {
	fds, err := socketpair()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	ends := [2]net.Conn{}
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socketpair")
		if ends[i], err = net.FileConn(f); err != nil && i == 1 {
			ends[0].Close()
		}
		f.Close()
		if err != nil {
			if i == 0 {
				_ = unix.Close(fds[1])
			}
			return nil, nil, err
		}
	}
	return ends[0], ends[1], nil
}
