package simulation

import (
	"slices"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// dispatched checks what must be true after every Dispatch: the scheduler's
// account is the model's, and no job waits while a worker that may run it has
// a free slot and the rate allows it.
func (m *model) dispatched(waiting, leased int) {
	defer func() { m.turns++ }()
	if waiting != m.waiting() || leased != m.leased {
		violated("%d jobs wait and %d are leased by the scheduler's account, %d and %d in truth",
			waiting, leased, m.waiting(), m.leased)
	}
	if len(m.dooms) > 0 {
		violated("job %d was lost too often and is not given up", m.dooms[0])
	}
	m.losersAreTold()
	m.idleAreServed()
	m.someoneIsEmptied()
	if waiting == 0 || m.stopped || m.heldBack() {
		return
	}
	spared := 0 // workers kept free for a job that must run alone
	for _, p := range m.peers {
		if p.slots == 0 || p.alone {
			continue
		}
		if p.held == 0 {
			for _, seq := range m.alone {
				if m.mayRun(p, &m.all[seq]) {
					violated("job %d waits for a worker of its own while worker %d is empty", seq, p.id)
				}
			}
		}
		if p.held < p.slots && m.somethingFor(p) {
			if spared++; len(m.alone) == 0 {
				violated("worker %d has %d jobs on %d slots while jobs wait that it may run", p.id, p.held, p.slots)
			}
		}
		m.queueIsGood(p)
	}
	if most := min(len(m.alone), max(1, m.mostSeen/4)); spared > most {
		violated("%d workers are kept free for %d jobs that must run alone", spared, len(m.alone))
	}
}

// mayBegin reports whether there is a fresh job that need not wait for others.
func (m *model) mayBegin() bool {
	return m.fresh > 0 && !(m.paused && m.leased+len(m.again)+len(m.retry)+len(m.alone) > 0)
}

// somethingFor reports whether a job waits that p may run beside others.
func (m *model) somethingFor(p *peer) bool {
	if m.mayBegin() || len(m.again) > 0 {
		return true
	}
	for _, seq := range m.retry {
		if m.mayRun(p, &m.all[seq]) {
			return true
		}
	}
	return false
}

// done reports whether every job is settled, and the caller knows.
func (m *model) done(ended bool) bool {
	return (ended || m.stopped) && m.leased == 0 && m.waiting() == 0 && len(m.dooms) == 0
}

// room is how many more jobs p may be given.
func (m *model) room(p *peer) int {
	if p.alone {
		return 0
	}
	credit := m.credit(p)
	room := credit - p.held
	if p.held >= p.slots && (p.bytes >= p.queueRoom() || room < max(1, min((credit-p.slots)/4, int(p.rate*horizon.Seconds())))) {
		return 0
	}
	return room
}

// fairly checks that p gets no more than an even share of the fresh jobs when
// others have room too, and none when too much waits to be run again.
func (m *model) fairly(p *peer, r batch.Range, first *job) {
	if first.state != fresh {
		return
	}
	if !m.mayBegin() {
		violated("fresh job %d is sent while there is no room for its result", r.Seq)
	}
	if n := len(m.retry) + len(m.alone); n >= maxReturned {
		violated("fresh job %d is sent while %d wait to be run again", r.Seq, n)
	}
	if len(m.alone) > 0 {
		return // some workers are kept free
	}
	sharers := 1
	for _, o := range m.peers {
		if o != p && m.room(o) > 0 {
			sharers++
		}
	}
	if most := m.fresh/sharers + 1; r.Count > most {
		violated("worker %d is sent %d of %d jobs while %d others have room", p.id, r.Count, m.fresh, sharers-1)
	}
}

// aloneFirst checks that an empty worker is given no other jobs while one waits
// that must run alone, unless enough workers run such jobs.
func (m *model) aloneFirst(p *peer, r batch.Range, first *job) {
	if first.state == alone || p.held > 0 || len(m.alone) == 0 || m.changed == m.turns {
		return
	}
	if !m.enoughAlone() && m.mayRunAlone(p) {
		violated("worker %d is empty and is sent job %d, while %d and others wait to run alone", p.id, r.Seq, m.alone[0])
	}
}

// enoughAlone reports whether as many workers run one job alone as are emptied
// for that.
func (m *model) enoughAlone() bool {
	n := 0
	for _, p := range m.peers {
		if p.alone {
			n++
		}
	}
	return n >= max(1, len(m.peers)/4)
}

// someoneIsEmptied checks that while jobs wait that must run alone, some worker
// is kept free for them: it was given nothing since they wait.
func (m *model) someoneIsEmptied() {
	if len(m.alone) == 0 || m.enoughAlone() {
		return
	}
	able := 0
	for _, p := range m.peers {
		if p.slots == 0 || p.alone || !m.mayRunAlone(p) {
			continue
		}
		if able++; p.sent <= m.changed {
			return
		}
	}
	if able > 0 {
		violated("job %d waits for a worker of its own, and all %d that could run it are given others", m.alone[0], able)
	}
}

func (m *model) mayRunAlone(p *peer) bool {
	return slices.ContainsFunc(m.alone, func(seq uint64) bool { return m.mayRun(p, &m.all[seq]) })
}

// queueIsGood checks that the queue of a busy worker is kept filled while
// there are fresh jobs: a quarter of it may be empty, but not more than lasts for
// the horizon.
func (m *model) queueIsGood(p *peer) {
	if !m.mayBegin() || len(m.alone) > 0 || p.held < p.slots {
		return
	}
	if m.room(p) > 0 {
		violated("worker %d has %d jobs, and credit for %d, while fresh jobs wait", p.id, p.held, m.credit(p))
	}
}
