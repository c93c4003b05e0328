package command

import "golang.org/x/sys/unix"

// Calls that younger architectures do not have.
var (
	oldPolls   = []int{unix.SYS_POLL}
	oldSelects = []int{unix.SYS_SELECT}
	oldEpolls  = []int{unix.SYS_EPOLL_WAIT}
)
