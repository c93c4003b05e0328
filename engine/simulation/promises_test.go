package simulation

// dispatched checks what must be true after every Dispatch: the scheduler's
// account is the model's, and no job waits while a worker that may run it has
// a free slot.
func (m *model) dispatched(waiting, leased int) {
	if waiting != m.waiting() || leased != m.leased {
		violated("%d jobs wait and %d are leased by the scheduler's account, %d and %d in truth",
			waiting, leased, m.waiting(), m.leased)
	}
	if len(m.dooms) > 0 {
		violated("job %d was lost too often and is not given up", m.dooms[0])
	}
	if waiting == 0 || m.stopped {
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

// somethingFor reports whether a job waits that p may run beside others.
func (m *model) somethingFor(p *peer) bool {
	if m.next <= m.read || len(m.again) > 0 {
		return true
	}
	for _, seq := range m.retry {
		if m.mayRun(p, &m.all[seq]) {
			return true
		}
	}
	return false
}

// queueIsGood checks that the queue of a busy worker is kept filled while
// there are fresh jobs: a quarter of it may be empty.
func (m *model) queueIsGood(p *peer) {
	if m.next > m.read || len(m.alone) > 0 || p.held < p.slots || p.bytes >= maxWindow {
		return
	}
	credit := m.credit(p)
	if room := credit - p.held; room >= max(1, (credit-p.slots)/4) {
		violated("worker %d has %d jobs, and credit for %d, while fresh jobs wait", p.id, p.held, credit)
	}
}

// ticked checks that what is queued on workers that have answered nothing for
// long was asked back.
func (m *model) ticked() {
	for _, p := range m.peers {
		if p.held > p.slots && !p.revoking && m.now-p.moved >= stuckAfter && m.now-p.asked >= stuckAfter {
			violated("worker %d is silent since %v, has %d jobs on %d slots, and is not asked to give any back",
				p.id, p.moved, p.held, p.slots)
		}
	}
}
