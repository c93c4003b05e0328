package simulation

import (
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// A loser is a worker that is to be told that a job of its is settled.
type loser struct {
	*peer
	seq uint64
}

// startTwice checks that to start a job also on p is right, and notes it.
func (m *model) startTwice(p *peer, r batch.Range, attempt int) {
	j := &m.all[r.Seq]
	switch {
	case !m.Speculate:
		violated("job %d is started twice and nobody wants that", r.Seq)
	case r.Count != 1 || string(r.Data) != string(m.record(r.Seq, r.Seq+1)):
		violated("job %d is started twice as %d jobs: %.60q", r.Seq, r.Count, r.Data)
	case m.stopped || m.read < uint64(m.jobs) || m.waiting() > 0:
		violated("job %d is started twice, though %d of %d are read and %d wait", r.Seq, m.read, m.jobs, m.waiting())
	case j.state != leased || j.twin != nil || j.newest > 0:
		violated("job %d is started twice in state %d, copied before: %v", r.Seq, j.state, j.newest > 0)
	case j.lost > 0:
		violated("job %d is started twice, though it may be what ended its worker", r.Seq)
	case attempt != j.attempt+1:
		violated("the second start of job %d is attempt %d, the first is %d", r.Seq, attempt, j.attempt)
	case !m.mayCopyTo(p, j):
		violated("job %d of worker %d is started twice, on worker %d, which has %d jobs on %d slots", r.Seq, j.holder.id, p.id, p.held, p.slots)
	case m.now-j.since <= m.patience(j, 2*m.usual()):
		violated("job %d is started twice after %v; nine in ten took %v", r.Seq, m.now-j.since, m.usual())
	case !j.holder.away && j.holder.held > j.holder.slots && !j.holder.keeps(m.now):
		violated("job %d of worker %d, which has others to give back, is started twice", r.Seq, j.holder.id)
	}
	p.wakes(m.now)
	m.divide(r.Seq)
	j.twin, j.twinAttempt, j.twinSince, j.newest = p, attempt, m.now, attempt
	m.load(p, r)
}

// divide notes that a job is a lease of its own from now on.
func (m *model) divide(seq uint64) {
	j := &m.all[seq]
	was := j.lease
	m.leases += 2
	j.lease = m.leases - 1
	for n := seq + 1; n <= m.read && m.all[n].lease == was; n++ {
		m.all[n].lease = m.leases
	}
}

// mayCopyTo reports whether p may run a job that another runs.
func (m *model) mayCopyTo(p *peer, j *job) bool {
	return p.open && p != j.holder && p.held < p.slots && !p.alone && !p.stuck && !slices.Contains(j.avoid, p.origin)
}

// keeps reports whether p has had time to give back what has not started.
func (p *peer) keeps(now time.Duration) bool {
	if p.revoking {
		return now >= p.asked+stuckAfter
	}
	return now < p.spared
}

// usual is the time in which nine in ten jobs were answered, or failed for good.
func (m *model) usual() time.Duration {
	if len(m.tooks) == 0 {
		return 1 << 60
	}
	return m.tooks[(9*len(m.tooks)+9)/10-1]
}

// took notes how long a job took that is settled.
func (m *model) took(d time.Duration) {
	at, _ := slices.BinarySearch(m.tooks, d)
	m.tooks = slices.Insert(m.tooks, at, d)
}

// patience is how long a job may take before it is started twice.
func (m *model) patience(j *job, usual time.Duration) time.Duration {
	return usual + 2*(j.holder.rtt+horizon)
}

// stragglersAreCopied checks that no job that takes too long runs only once
// while another worker has a slot for it.
func (m *model) stragglersAreCopied() {
	if !m.Speculate || m.stopped || m.read < uint64(m.jobs) || m.waiting() > 0 || len(m.tooks) == 0 || m.heldBack() {
		return
	}
	usual := max(m.usual(), 4) * 5 / 4 // it is known to a quarter
	for seq := uint64(1); seq <= m.read; seq++ {
		j := &m.all[seq]
		if j.state != leased || j.newest > 0 || j.lost > 0 || m.now-j.since <= m.patience(j, 2*usual) {
			continue
		}
		if !j.holder.away && j.holder.held > j.holder.slots && !j.holder.keeps(m.now) {
			continue
		}
		for _, p := range m.peers {
			if m.mayCopyTo(p, j) {
				violated("job %d runs for %v on worker %d, nine in ten took %v, and worker %d has %d jobs on %d slots",
					seq, m.now-j.since, j.holder.id, m.usual(), p.id, p.held, p.slots)
			}
		}
	}
}

// late reports whether p has a job that another has settled.
func (m *model) late(p *peer, seq uint64) bool {
	_, void := p.void[seq]
	return void && p.open
}

// alike is how many of the jobs from seq on are late, or not, as the first.
func (m *model) alike(p *peer, seq uint64, count int) (n int, late bool) {
	late = m.late(p, seq)
	for n < count && m.late(p, seq+uint64(n)) == late {
		n++
	}
	return n, late
}

// attemptOn is the attempt as which p holds a job.
func (m *model) attemptOn(p *peer, seq uint64) int {
	if m.late(p, seq) {
		return p.void[seq]
	}
	if j := &m.all[seq]; j.twin == p {
		return j.twinAttempt
	}
	return m.all[seq].attempt
}

// finished notes that p has answered a job, and that its other copy, if there
// is one, is to be cancelled.
func (m *model) finished(p *peer, seq uint64, late bool) {
	if late {
		delete(p.void, seq)
		m.unload(p, seq)
		return
	}
	j := &m.all[seq]
	m.took(m.now - m.leasedTo(p, seq))
	m.release(p, seq)
	if o := j.holder; o != nil {
		m.losers = append(m.losers, loser{o, seq})
		o.void[seq] = j.attempt
		j.holder = nil
		m.leased--
	}
}

// cancel checks that p is the one to be told.
func (m *model) cancel(p *peer, r batch.Range) {
	at := slices.Index(m.losers, loser{p, r.Seq})
	if at < 0 || r.Count != 1 {
		violated("worker %d is told to cancel jobs %d+%d", p.id, r.Seq, r.Count)
	}
	m.losers = slices.Delete(m.losers, at, at+1)
}

func (m *model) losersAreTold() {
	if len(m.losers) > 0 {
		violated("job %d is settled, and worker %d, which runs it, is not told", m.losers[0].seq, m.losers[0].id)
	}
}

// comesBack notes that p will not run a job, or not to its end.
func (m *model) comesBack(p *peer, seq uint64) {
	if m.late(p, seq) {
		delete(p.void, seq)
		m.unload(p, seq)
		return
	}
	if j := m.release(p, seq); j.holder == nil {
		if j.newest > 0 {
			j.nextAttempt()
		}
		m.requeue(seq)
	}
}

// loseOne notes that p vanished with one of two copies of a job. That counts
// against the job, unless it would then be on its last chance beside others.
func (m *model) loseOne(p *peer, seq uint64) {
	j := m.release(p, seq)
	if m.MaxLost > 2 && j.lost == 0 {
		j.lost = 1
		j.holder.afresh++
	}
}

// nextAttempt notes that the job is to be tried again.
func (j *job) nextAttempt() { j.attempt = max(j.attempt, j.newest) + 1 }
