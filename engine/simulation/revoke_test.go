package simulation

import "time"

// revokePause is the least time between two searches for jobs that idle
// workers could take over.
const revokePause = 2 * time.Millisecond

// revocable reports whether p has jobs that cannot have started and may be
// asked for them.
func (m *model) revocable(p *peer) bool {
	return p.held > p.slots && !p.revoking && !p.away && m.now >= p.spared
}

// backlog is how long the jobs of p will last, as far as one can tell.
func (m *model) backlog(p *peer) time.Duration {
	silent := m.now - p.moved
	if p.rate == 0 {
		return silent
	}
	return max(silent, time.Duration(float64(p.held)/p.rate*float64(time.Second)))
}

// patience is how long p may answer nothing before it is asked to give jobs back, with
// nobody idle.
func (p *peer) patience() time.Duration {
	if p.rate == 0 {
		return p.rtt + stuckAfter
	}
	rounds := min(2*float64(p.slots)/p.rate, mostPatience.Seconds())
	return p.rtt + max(stuckAfter, time.Duration(rounds*float64(time.Second)))
}

// slowest is the worker whose jobs last longest, of those that may be asked.
func (m *model) slowest() *peer {
	var slowest *peer
	for _, p := range m.peers {
		if m.revocable(p) && (slowest == nil || m.backlog(p) > m.backlog(slowest)) {
			slowest = p
		}
	}
	return slowest
}

// revoke checks that to ask p for count jobs is right, and notes it.
func (m *model) revoke(p *peer, count int, ticking bool) {
	switch {
	case !p.open || p.away || p.revoking:
		violated("worker %d is asked to give jobs back, though it left or was asked already", p.id)
	case m.now < p.spared:
		violated("worker %d is asked to give jobs back, %v too early", p.id, p.spared-m.now)
	case p.held <= p.slots && !m.stopped:
		violated("worker %d is asked to give jobs back and has no more than run", p.id)
	case count < 1 || count < p.held-p.slots:
		violated("worker %d has %d jobs on %d slots and is asked for %d", p.id, p.held, p.slots, count)
	case m.stopped:
	case ticking && m.now-p.moved < p.patience():
		violated("worker %d is asked to give jobs back as stuck, it moved %v ago", p.id, m.now-p.moved)
	case !ticking && (m.waiting() > 0 || !m.someoneIsIdle()):
		violated("worker %d is asked to give jobs back for nobody", p.id)
	case !ticking && m.backlog(p) < m.backlog(m.slowest()):
		violated("worker %d is asked to give jobs back while worker %d has work for longer", p.id, m.slowest().id)
	}
	if !ticking && !m.stopped {
		m.searched = m.now
	}
	p.revoking, p.stuck, p.asked = true, p.stuck || !m.stopped, m.now
}

// idleAreServed checks that a slow worker's queue is asked back when nothing
// waits and some worker has a free slot, and that all are when nothing more is
// to be started.
func (m *model) idleAreServed() {
	if m.stopped {
		for _, p := range m.peers {
			if p.held > 0 && !p.revoking && !p.away && m.now >= p.spared {
				violated("no more is to be started and worker %d is not asked for its %d jobs", p.id, p.held)
			}
		}
		return
	}
	if m.waiting() > 0 || m.now-m.searched < revokePause || !m.someoneIsIdle() {
		return
	}
	m.searched = m.now
	if p := m.slowest(); p != nil && m.backlog(p) >= 2*(p.rtt+horizon) {
		violated("worker %d has %d jobs on %d slots, work for %v, and is not asked to give any back to the idle",
			p.id, p.held, p.slots, m.backlog(p))
	}
}

func (m *model) someoneIsIdle() bool {
	for _, p := range m.peers {
		if p.held < p.slots && !p.alone {
			return true
		}
	}
	return false
}

// ticked checks that what is queued on workers that have answered nothing for
// long was asked back.
func (m *model) ticked() {
	m.stragglersAreCopied()
	for _, p := range m.peers {
		if m.revocable(p) && m.now-p.moved >= p.patience() {
			violated("worker %d is silent since %v, has %d jobs on %d slots, and is not asked to give any back",
				p.id, p.moved, p.held, p.slots)
		}
	}
}
