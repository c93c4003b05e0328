package command

import (
	"slices"

	"golang.org/x/sys/unix"
)

// What a system call that a thread is blocked in waits for.
type call int

const (
	otherCall  call = iota // something to be done
	readCall               // its first argument to be readable
	pollCall               // one of an array of descriptors
	selectCall             // one of a set of descriptors
	epollCall              // one of what its first argument watches
	joinCall               // another thread, a child, a signal
	opaqueCall             // anything
)

var calls = map[call][]int{
	readCall:   {unix.SYS_READ, unix.SYS_READV, unix.SYS_PREADV2, unix.SYS_SPLICE, unix.SYS_TEE},
	pollCall:   append(oldPolls, unix.SYS_PPOLL),
	selectCall: append(oldSelects, unix.SYS_PSELECT6),
	epollCall:  append(oldEpolls, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_PWAIT2),
	joinCall: {unix.SYS_FUTEX, unix.SYS_FUTEX_WAITV, unix.SYS_WAIT4, unix.SYS_WAITID,
		unix.SYS_RT_SIGSUSPEND, unix.SYS_RT_SIGTIMEDWAIT},
	opaqueCall: {unix.SYS_IO_URING_ENTER, unix.SYS_IO_GETEVENTS, unix.SYS_IO_PGETEVENTS, unix.SYS_RESTART_SYSCALL},
}

// Calls that take a timeout in milliseconds. Others take the address of one.
var inMillis = slices.Concat(oldPolls, oldEpolls, []int{unix.SYS_EPOLL_PWAIT})

func callOf(nr int) call {
	for c, list := range calls {
		if slices.Contains(list, nr) {
			return c
		}
	}
	return otherCall
}
