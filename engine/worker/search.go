package worker

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A search is for a coordinator that has work. Each worker begins with another one of
// them, so that many spread over all, and goes on in their order. It leaves one that
// has had nothing for it for a while, for longer and longer whiles if nobody has; and
// one whose run is over for good. Only Run's goroutine uses it.
type search struct {
	cfg     *Config
	left    []string      // addresses to be tried: with Stay all, else those whose run is not known to be over
	ended   bool          // a run was over
	contact time.Time     // when a run that was not over let us go; at first, when we began
	wait    time.Duration // no coordinator for so long after that is the end
	retry   time.Duration // about so long is waited for before all are tried again
	told    bool          // the user knows that there is no coordinator
}

func newSearch(cfg *Config) *search {
	n := rand.N(len(cfg.Connect))
	s := &search{
		cfg: cfg, left: slices.Concat(cfg.Connect[n:], cfg.Connect[:n]),
		contact: time.Now(), wait: cfg.Wait, retry: firstRetry,
	}
	cfg.lull = cmp.Or(cfg.lull, firstIdle)
	s.stays(cfg.lull)
	return s
}

// stays sets how long one that has no work is stayed with, if there are others.
func (s *search) stays(patience time.Duration) {
	s.cfg.idle = min(patience, lastIdle)
	if len(s.left) < 2 {
		s.cfg.idle, s.cfg.lull = 0, 0
	}
}

// over notes that the run at an address is, and reports whether none is left.
func (s *search) over(addr string) bool {
	s.cfg.Log.Info("run over", "addr", addr)
	if s.cfg.Stay {
		s.cfg.status("the run at %s is over; waiting for the next one", addr)
		return false
	}
	s.ended, s.wait = true, min(s.cfg.Wait, lastLook)
	s.left = slices.DeleteFunc(s.left, func(a string) bool { return a == addr })
	s.stays(s.cfg.lull)
	s.cfg.status("the run at %s is over; looking for others", addr)
	return len(s.left) == 0
}

// idle tells whether a coordinator was left because it had no work.
func (s *search) idle(err error) bool { return errors.Is(err, errIdle) || errors.Is(err, errNoWork) }

// had takes what became of a connection.
func (s *search) had(addr string, joined bool, err error) {
	switch {
	case !joined:
		return
	case errors.Is(err, ErrLost):
		s.wait = s.cfg.Wait
	case errors.Is(err, errNoWork):
		s.stays(2 * s.cfg.idle)
	case errors.Is(err, errIdle):
		s.stays(s.cfg.lull)
	}
	if s.idle(err) {
		s.cfg.status("nothing to do at %s; looking for others", addr)
		s.cfg.Log.Info("nothing to do", "addr", addr)
	}
	if err != nil || s.cfg.Stay {
		s.contact = time.Now()
	}
	s.retry, s.told = firstRetry, false
}

// late tells whether enough has been tried.
func (s *search) late() bool { return !s.cfg.Stay && time.Since(s.contact) >= s.wait }

// tell says why there is no coordinator, once, if that is so for some time.
func (s *search) tell(why string) {
	if !s.told && why != "" && time.Since(s.contact) > lastRetry {
		s.told = true
		s.cfg.Log.Warn("no coordinator yet", fmt.Sprintf("no coordinator yet (%s); trying on", why), "why", why)
	}
}

// pause is how long to wait before all are tried again: longer each time, and not the
// same for all workers.
func (s *search) pause() time.Duration {
	pause := s.retry/2 + rand.N(s.retry)
	if !s.cfg.Stay {
		pause = min(pause, max(time.Until(s.contact.Add(s.wait)), 0))
	}
	s.retry = min(2*s.retry, lastRetry)
	return pause
}
