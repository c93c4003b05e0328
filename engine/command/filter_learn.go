package command

import "time"

// A closing is what was seen when the stdin of a process was closed because it
// waited for input, and there was none.
type closing struct {
	at     time.Time // zero: it was not
	owed   int
	what   doing
	worked time.Duration
}

// presses tells whether the oldest record should be answered before there are
// more: a process that collects answers may take three times as long for what it
// gets then.
func (f *Filter) presses(now time.Time) bool {
	return f.timeout > 0 && now.Sub(f.since) > f.timeout/4
}

// learn sees how many records the next process should have, when the stdin of this
// one was closed because it waited.
func (f *Filter) learn(now time.Time) {
	c, life := &f.closed, now.Sub(f.began)
	late := max(0, f.spoke.Sub(c.at))
	switch {
	case f.p.ending && f.p.outcome == TimedOut:
		f.pace.least = 1
		return
	case c.at.IsZero() || f.owed > 1 && f.owed >= c.owed: // the last answer may lack its end
		return
	}
	f.pace.collected(c.owed, c.worked+late, life)
	if f.timeout > 0 {
		f.pace.collectsIn(f.timeout/4, c.owed, life)
	}
	if c.what == unsure {
		f.doubt = doubtAfter(late)
	}
}

// doubtAfter is how long a process is to be still before it is taken to wait, where
// that is not certain and the last one gave its answers late after its stdin was
// closed. One that had collected them gives them at once.
func doubtAfter(late time.Duration) time.Duration {
	return min(max(4*late, leastDoubt), mostDoubt)
}
