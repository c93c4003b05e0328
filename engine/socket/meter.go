package socket

import "time"

const (
	slowLink = 200e6   // bytes a second: about as fast as zstd makes them
	backlog  = 4 << 10 // bytes not arrived from which on the writer is ahead of the link
	interval = 5 * time.Millisecond

	// A link that was slow counts as slow for so many looks more. What zstd makes of
	// a text may just not fill it, and S2 would: so the number doubles when the link
	// is soon found slow again.
	leastPatience = 100
	mostPatience  = 12800
)

// A Meter tells whether a link is what holds up those who write to it: before
// each write there is something left of the last, and it goes slower than zstd
// makes it.
type Meter struct {
	at       time.Duration // of the last look
	arrived  int           // bytes that the other side had got then
	busy     bool          // there was a backlog then
	patience int           // looks
	slow     int           // for so many looks it counts as slow
	fast     int           // for so many looks it has counted as fast, after it was slow
}

// Due reports whether it is time for another look.
func (m *Meter) Due(now time.Duration) bool { return now-m.at >= interval }

// Look takes note that wrote bytes have been written in all, of which queued
// have not arrived, and reports whether the link is slow.
func (m *Meter) Look(now time.Duration, wrote, queued int) bool {
	arrived := wrote - queued
	if m.busy && float64(arrived-m.arrived) < slowLink*(now-m.at).Seconds() {
		m.again()
	} else if m.slow > 0 {
		m.slow--
	} else {
		m.fast++
	}
	m.at, m.arrived, m.busy = now, arrived, queued > backlog
	return m.slow > 0
}

// again notes that the link is slow.
func (m *Meter) again() {
	switch {
	case m.slow > 0: // it was all the time
	case m.fast < m.patience:
		m.patience = min(2*m.patience, mostPatience)
	default:
		m.patience = leastPatience
	}
	m.slow, m.fast = m.patience, 0
}
