package worker

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/engine/command"
)

// Run reaches a coordinator and works for it, again and again: until the runs of all
// are over (with Stay, never), until Drain or ctx end it, or until none was reached
// for Wait. Of several coordinators it works for one at a time, see search. Its errors
// are those of Serve, and one that says which addresses could not be reached and why;
// in all of these trying on makes no sense.
func Run(ctx context.Context, cfg Config) error {
	if _, err := crand.Read(cfg.session[:]); err != nil {
		return fmt.Errorf("making the name of the session: %w", err)
	}
	s := newSearch(&cfg)
	var kept *link // has lost its connection and waits for another
	var home string
	defer func() {
		if kept != nil {
			kept.end()
		}
	}()
	cfg.status("connecting to %s", strings.Join(cfg.Connect, ", "))
	cfg.Log.Info("connecting", "addr", strings.Join(cfg.Connect, ","), "slots", cfg.Slots)
	for {
		var failed []string
		for _, addr := range slices.Clone(s.left) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if kept != nil && time.Now().After(kept.until) {
				cfg.Log.Warnf("the coordinator has given up waiting for us: what still ran is ended")
				kept.end()
				kept = nil
			}
			if cfg.draining() {
				if kept == nil {
					return nil
				}
				kept.retire()
			}
			if kept != nil && addr != home {
				continue // another run knows nothing of what we have
			}
			joined, left, err := try(ctx, addr, &cfg, kept)
			kept, home = left, addr
			switch {
			case err == nil && cfg.draining():
				cfg.Log.Info("left", "addr", addr)
				return nil
			case err == nil && s.over(addr):
				return nil
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, ErrRefused), errors.Is(err, command.ErrCannotRun):
				return fmt.Errorf("%s: %w", addr, err)
			}
			s.had(addr, joined, err)
			if err != nil && !s.idle(err) {
				if joined {
					cfg.Log.Warn("connection lost", fmt.Sprintf("%s: %v; trying again", addr, err), "addr", addr, "why", err)
				}
				failed = append(failed, fmt.Sprintf("%s: %v", addr, err))
			}
		}
		why := strings.Join(failed, "; ")
		if why != "" {
			cfg.status("no coordinator now (%s); trying on", why)
		}
		switch {
		case !s.late():
		case s.ended:
			return nil
		default:
			return fmt.Errorf("no coordinator reached for %v: %s", cfg.Wait, why)
		}
		s.tell(why)
		pause := s.pause()
		if why != "" {
			cfg.Log.Info("trying again", "in", pause.Round(time.Millisecond), "why", why)
		}
		drain := cfg.Drain
		if kept != nil && cfg.draining() {
			drain = nil // it is known, and what there is has to be brought home
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-drain:
		case <-time.After(pause):
		}
	}
}
