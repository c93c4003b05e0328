//go:build freebsd && (amd64 || arm64 || riscv64)

package command

import (
	"syscall"
	"unsafe"
)

// waitForExit returns when the process has exited, and leaves it a zombie.
func waitForExit(pid int) {
	const (
		byPid  = 0
		exited = 16
		noReap = 8
	)
	var status int32
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAIT6, byPid, uintptr(pid), uintptr(unsafe.Pointer(&status)), exited|noReap, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}
