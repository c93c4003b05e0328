package command

import (
	"syscall"
	"time"
)

// waitInThread returns a descriptor that becomes readable when the process has
// exited, for systems that have none of their own. It takes a thread a job.
// The process is left to be reaped by its slot.
func waitInThread(pid int) int {
	var p [2]int
	for pipe(&p) != nil {
		time.Sleep(10 * time.Millisecond) // the process runs: there is no way back
	}
	go func() {
		waitForExit(pid)
		_ = syscall.Close(p[1])
	}()
	return p[0]
}
