package command

import "syscall"

const (
	// perSlot is how many descriptors a slot takes while it starts a job: two for
	// its bell, six ends of pipes, one of the process.
	perSlot = 9
	// besides is how many the program needs for all else.
	besides = 32
)

// Fit returns how many of so many slots the limit of descriptors allows, one at
// least, and that limit. More would fail to start jobs, again and again.
func Fit(slots int) (fit, limit int) {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return slots, 0
	}
	limit = int(min(uint64(r.Cur), 1<<20))
	return min(slots, max(1, (limit-besides)/perSlot)), limit
}
