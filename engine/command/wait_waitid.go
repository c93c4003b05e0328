//go:build linux || darwin

package command

import (
	"runtime"
	"syscall"
	"unsafe"
)

// waitForExit returns when the process has exited, and leaves it a zombie.
func waitForExit(pid int) {
	const (
		byPid  = 1
		exited = 4
	)
	noReap := uintptr(0x0100_0000)
	if runtime.GOOS == "darwin" {
		noReap = 0x20
	}
	var info [16]uint64 // a siginfo_t is 128 bytes at most
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPid, uintptr(pid), uintptr(unsafe.Pointer(&info)), exited|noReap, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}
