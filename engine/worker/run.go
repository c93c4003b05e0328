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
	contact := time.Now()
	retry := firstRetry
	told := false
	for {
		var failed []string
		for _, addr := range cfg.Connect {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if cfg.draining() {
				return nil
			}
			joined, err := try(ctx, addr, &cfg)
			switch {
			case err == nil && (!cfg.Stay || cfg.draining()):
				return nil
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, ErrRefused), errors.Is(err, command.ErrCannotRun):
				return fmt.Errorf("%s: %w", addr, err)
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
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-cfg.Drain:
			return nil
		case <-time.After(pause):
		}
	}
}
