package worker

import "time"

// A boredom tells when a worker that has nothing to do should look for another
// coordinator. The goroutine of serve uses it.
type boredom struct {
	*time.Ticker
	idle, lull time.Duration
	given      uint64    // jobs, when we last looked
	since      time.Time // when there was work; at first, when we began
}

// newBoredom never tells where the coordinator is the only one.
func newBoredom(cfg *Config) *boredom {
	b := &boredom{idle: cfg.idle, lull: cfg.lull, since: time.Now()}
	if b.idle == 0 {
		b.Ticker = &time.Ticker{}
		return b
	}
	b.Ticker = time.NewTicker(min(b.idle, b.lull) / 4)
	return b
}

// look returns errIdle or errNoWork when there was no work for long enough.
func (b *boredom) look(now time.Time, l *link) error {
	busy, given := l.occupied()
	switch {
	case busy || given != b.given:
		b.given, b.since = given, now
	case given == 0 && now.Sub(b.since) >= b.idle:
		return errNoWork
	case given > 0 && now.Sub(b.since) >= b.lull:
		return errIdle
	}
	return nil
}
