package worker

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/engine/command"
)

// Run reaches a coordinator and works for it, again and again: until the run is
// over (with Stay, never), until Drain or ctx end it, or until none was reached
// for Wait. Its errors are those of Serve, and one that says which addresses
// could not be reached and why; in all of these trying on makes no sense.
func Run(ctx context.Context, cfg Config) error {
	if _, err := crand.Read(cfg.session[:]); err != nil {
		return fmt.Errorf("making the name of the session: %w", err)
	}
	var kept *link // has lost its connection and waits for another
	defer func() {
		if kept != nil {
			kept.end()
		}
	}()
	contact := time.Now()
	retry := firstRetry
	told := false
	cfg.status("connecting to %s", strings.Join(cfg.Connect, ", "))
	for {
		var failed []string
		for _, addr := range cfg.Connect {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if kept != nil && time.Now().After(kept.until) {
				cfg.Log("the coordinator has given up waiting for us: what still ran is ended")
				kept.end()
				kept = nil
			}
			if cfg.draining() {
				if kept == nil {
					return nil
				}
				kept.retire()
			}
			joined, left, err := try(ctx, addr, &cfg, kept)
			kept = left
			switch {
			case err == nil && (!cfg.Stay || cfg.draining()):
				return nil
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, ErrRefused), errors.Is(err, command.ErrCannotRun):
				return fmt.Errorf("%s: %w", addr, err)
			}
			if joined && err == nil {
				cfg.status("the run at %s is over; waiting for the next one", addr)
			}
			if joined {
				contact, retry, told = time.Now(), firstRetry, false
			}
			if err != nil && joined {
				cfg.Log("%s: %v; trying again", addr, err)
			}
			if err != nil {
				failed = append(failed, fmt.Sprintf("%s: %v", addr, err))
			}
		}
		why := strings.Join(failed, "; ")
		if why != "" {
			cfg.status("no coordinator now (%s); trying on", why)
		}
		if !cfg.Stay && time.Since(contact) >= cfg.Wait {
			return fmt.Errorf("no coordinator reached for %v: %s", cfg.Wait, why)
		}
		if !told && why != "" && time.Since(contact) > lastRetry {
			told = true
			cfg.Log("no coordinator yet (%s); trying on", why)
		}
		pause := retry/2 + rand.N(retry)
		if !cfg.Stay {
			pause = min(pause, max(time.Until(contact.Add(cfg.Wait)), 0))
		}
		retry = min(2*retry, lastRetry)
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
