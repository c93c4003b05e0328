package command

import (
	"sync"
	"syscall"
	"time"
)

// groups ends what is left of the process groups of jobs that are over. They
// have been sent TERM.
type groups struct {
	killAfter time.Duration
	closed    chan struct{} // KILL is due at once
	once      sync.Once
	busy      sync.WaitGroup
}

// look is how often a group is looked at. The system gives a process id out
// again only when no group has it and it has gone round through all of them,
// which takes far longer; so what is there at a look is the group that was
// there at the last.
const look = 20 * time.Millisecond

// finish kills the group after killAfter unless it is gone by then, and calls over.
func (g *groups) finish(pid int, over func()) {
	g.busy.Add(1)
	go func() {
		defer g.busy.Done()
		defer over()
		due := time.NewTimer(g.killAfter)
		defer due.Stop()
		tick := time.NewTicker(look)
		defer tick.Stop()
		for {
			if syscall.Kill(-pid, 0) != nil {
				return
			}
			select {
			case <-tick.C:
				continue
			case <-due.C:
			case <-g.closed:
			}
			if syscall.Kill(-pid, 0) == nil {
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
			return
		}
	}()
}

func (g *groups) close() {
	g.once.Do(func() { close(g.closed) })
	g.busy.Wait()
}
