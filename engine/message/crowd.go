package message

import (
	"fmt"
	"log/slog"
	"time"
)

// Of the same thing so many lines are written in that time.
const (
	mostAlike = 100
	alikeTime = time.Minute
)

// A crowd is what was said of one thing, since the first line of it.
type crowd struct {
	level slog.Level
	since time.Time
	count int         // lines, written or not
	timer *time.Timer // says how many were not; nil: all were
}

// admit tells whether one more line may be written about something. The mutex is
// held.
func (l *Log) admit(level slog.Level, what string) bool {
	now := time.Now()
	c := l.crowds[what]
	if c == nil || c.timer == nil && now.Sub(c.since) >= alikeTime {
		c = &crowd{level: level, since: now}
		l.crowds[what] = c
	}
	c.count++
	if c.count > mostAlike && c.timer == nil {
		c.timer = time.AfterFunc(alikeTime-now.Sub(c.since), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.crowds[what] == c {
				l.disperse(what, c)
			}
		})
	}
	return c.count <= mostAlike
}

// disperse forgets a crowd, and says what was left out of it. The mutex is held.
func (l *Log) disperse(what string, c *crowd) {
	delete(l.crowds, what)
	if c.timer == nil {
		return
	}
	c.timer.Stop()
	more := c.count - mostAlike
	l.write(l.line(c.level, what, fmt.Sprintf("%s: %d times more", what, more), []any{"more", more}))
}
