package socket

import "time"

const (
	// slowLinks is the rate, in bytes a second, below which it pays to have zstd make
	// the bytes fewer: above, S2 makes more of them in the same processor time. On two
	// cores that did both ends they were even at 150 to 250 Mbit/s.
	slowLinks = 20e6
	backlog   = 4 << 10 // bytes not arrived from which on the writer is ahead of the link
	interval  = 5 * time.Millisecond
	memory    = time.Second // for so long a look says something

	// queue is how long, besides the time there and back, what waits for a slow link
	// takes to arrive at the least.
	queue = 3 * time.Millisecond

	// heldUp is for how long a link has to be what holds us up. Where processors are
	// busy it may seem so now and then.
	heldUp = 20 * time.Millisecond

	// A link that was slow counts as slow for so many looks more. What zstd makes of
	// a text may just not fill it, and S2 would: so the number doubles when the link
	// is soon found slow again.
	leastPatience = 100
	mostPatience  = 12800
)

// Links are all that one goroutine writes to. Its time has to do for them together.
type Links struct {
	rate float64 // bytes a second that those carry which hold up their writer
}

// Sent is what has become of all that was written to a link.
type Sent struct {
	Wrote  int           // bytes
	Queued int           // bytes of those that have not arrived
	Unread time.Duration // how long nothing could go since the other side did not read
	Far    time.Duration // the shortest time there and back
}

func (s Sent) arrived() int { return s.Wrote - s.Queued }

// A Meter tells whether a link is what holds up those who write to it: what was written
// waits before it goes, though the other side reads, and all such links together are
// slow.
type Meter struct {
	at       time.Duration // of the last look
	sent     Sent          // then
	busy     bool          // there was a backlog then
	rate     float64       // counted in Links.rate
	free     time.Duration // when the link last did not hold up who writes
	patience int           // looks
	slow     int           // for so many looks it counts as slow
	fast     int           // for so many looks it has counted as fast, after it was slow
}

// Due reports whether it is time for another look.
func (m *Meter) Due(now time.Duration) bool { return now-m.at >= interval }

// Look takes note of what was sent until now, and reports whether the link is slow. It
// is one of the links in all.
func (m *Meter) Look(now time.Duration, sent Sent, all *Links) bool {
	m.Forget(all)
	rate := float64(sent.arrived()-m.sent.arrived()) / (now - m.at).Seconds()
	busy := m.busy && now-m.at < memory
	if busy {
		m.rate = rate
		all.rate += rate
	}
	unread := sent.Unread-m.sent.Unread > (now-m.at)/2
	waits := float64(sent.Queued) > rate*(sent.Far+queue).Seconds()
	if !busy || !waits || unread || all.rate >= slowLinks {
		m.free = now
	}
	switch {
	case now-m.free >= heldUp:
		m.again()
	case m.slow > 0:
		m.slow--
	default:
		m.fast++
	}
	m.at, m.sent, m.busy = now, sent, sent.Queued > backlog
	return m.slow > 0
}

// Rest forgets a link that nothing was written to for a while.
func (m *Meter) Rest(now time.Duration, all *Links) {
	if now-m.at >= memory {
		m.Forget(all)
	}
}

// Forget takes the link out of all, until the next look.
func (m *Meter) Forget(all *Links) {
	all.rate -= m.rate
	m.rate = 0
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
