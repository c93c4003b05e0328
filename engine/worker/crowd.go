package worker

import (
	"sync"
	"time"
)

// guard looks from now on whether the machine has room for more jobs, as the
// user decided. The first look is over when it returns. It goes on as long as
// the link.
func (l *link) guard() {
	if l.cfg.Busy == nil {
		return
	}
	l.look()
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(lookAgain)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				l.look()
			}
		}
	})
	l.ends = append(l.ends, func() { close(stop); watching.Wait() })
}

// look takes no more jobs when the machine is busy, and takes some again when it
// is not.
func (l *link) look() {
	why := l.cfg.Busy()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.retired || (why != "") == l.crowded:
	case why != "":
		l.crowded = true
		l.cfg.Log.Tell("taking no jobs", why+"; no more jobs are started until that is over", "why", why)
		l.halt()
	default:
		l.crowded = false
		l.cfg.Log.Tell("taking jobs again", "the machine has room again; taking jobs")
		l.goOn()
	}
}
