package simulation

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// A violation is what a run panics with when a promise is broken.
type violation string

func violated(format string, args ...any) { panic(violation(fmt.Sprintf(format, args...))) }

type state uint8

const (
	unread  state = iota
	fresh         // read, never handed out
	again         // handed out before and not at fault
	retry         // failed
	alone         // one loss from being given up
	leased        // handed out
	doomed        // lost too often, and the caller not yet told
	settled       // answered, failed for good or given up
	dropped       // forgotten because of Stop
)

// A job is what is true of one job, beside what the scheduler believes.
type job struct {
	state     state
	holder    *peer
	twin      *peer // the holder of its other copy
	failed    int
	lost      int
	since     time.Duration // when it was handed out to holder
	twinSince time.Duration

	attempt     int // of holder, or the next one
	twinAttempt int
	newest      int // of a job that was started twice, the higher attempt; else 0

	avoid []schedule.WorkerID
	runs  []int  // attempts that were begun
	given bool   // given up
	bad   bool   // failed for good
	out   []byte // what stdout must say of it
	written
	acks  int
	lease uint64 // the handing-out it is, or was last, part of
	few   int    // is handed out in a lease of at most so many jobs; 0: no limit
	due   int    // is acknowledged when so much is written

	// What it does to whoever runs it.
	took   time.Duration
	fails  int // so many attempts
	poison bool
	parts  int // its output comes in so many parts
}

// A peer is a connected worker as the coordinator must see it.
type peer struct {
	id     schedule.WorkerID
	origin schedule.WorkerID // of its first connection
	slots  int
	away   bool
	held   int
	bytes  int
	afresh int // held jobs that were lost before
	alone  bool
	open   bool

	rtt      time.Duration
	rate     float64
	acc      int
	since    time.Duration
	idle     time.Duration // since when it has no jobs
	moved    time.Duration // when it answered last, or got a job after it had none
	stuck    bool
	revoking bool
	spared   time.Duration  // is not asked to give jobs back before this
	asked    time.Duration  // when it was asked to give jobs back
	sent     uint64         // when it was given jobs last, as a number of turns
	void     map[uint64]int // cancelled jobs that it has not done with, as which attempt
}

// The promises of schedule's documentation, in numbers.
const (
	horizon      = 10 * time.Millisecond
	worthwhile   = 0.1
	measure      = time.Millisecond
	mostMeasure  = time.Second
	leastWindow  = 1 << 20
	mostWindow   = 8 << 20
	stuckAfter   = 250 * time.Millisecond
	mostPatience = 5 * time.Second
	// maxReturned is how many jobs may wait to be run again before no fresh ones
	// are handed out.
	maxReturned = 10_000
	// maxFresh is how many bytes of jobs may wait before no more are taken in.
	maxFresh = 1 << 20
)

// A model keeps account of every job.
type model struct {
	*config
	*clock
	input    []byte
	ends     []int // ends[n] is where the record of job n ends in input
	all      []job // by seq; 0 is unused
	read     uint64
	next     uint64   // the first fresh job
	fresh    int      // jobs
	unsent   int      // bytes of those
	paused   bool     // no fresh job is to begin while others are under way
	again    []uint64 // in order
	retry    []uint64
	alone    []uint64
	dooms    []uint64
	leased   int
	settled  int
	stopped  bool
	peers    []*peer // connected, in order of joining
	mostSeen int     // peers at a time
	leases   uint64
	turns    uint64
	changed  uint64          // the turn when it changed who may run what alone
	searched time.Duration   // when idle workers were last looked for
	promised int             // settled jobs whose bytes are still needed
	frontier uint64          // in input order: all jobs before it are printed
	printed  int             // bytes that stdout is to have
	behind   bool            // the stage is, with what it holds: what comes now is held too
	tooks    []time.Duration // of jobs that were answered, ascending
	losers   []loser
	paced    float64 // the rate has allowed all jobs before this, in s
}

// record is what jobs [from,to) are.
func (m *model) record(from, to uint64) []byte {
	if m.huge && to-from == 1 {
		return hugeRecord
	}
	return m.input[m.ends[from-1]:m.ends[to-1]]
}

func (m *model) waiting() int {
	if m.stopped {
		return 0
	}
	return m.fresh + len(m.again) + len(m.retry) + len(m.alone)
}

func (m *model) add(r batch.Range) {
	m.read += uint64(r.Count)
	for seq := r.Seq; seq < r.End(); seq++ {
		m.all[seq].state, m.all[seq].attempt = fresh, 1
		if m.stopped {
			m.all[seq].state = dropped
		} else {
			m.fresh++
			m.unsent += len(m.record(seq, seq+1))
		}
	}
	m.toNext()
}

// toNext moves next to the first fresh job.
func (m *model) toNext() {
	for m.next <= m.read && m.all[m.next].state != fresh {
		m.next++
	}
}

func (m *model) join(p *peer) {
	p.open, p.void = true, map[uint64]int{}
	p.since, p.idle = m.now, m.now
	m.changed = m.turns
	m.peers = append(m.peers, p)
	m.mostSeen = max(m.mostSeen, len(m.peers))
}

// queueRoom is how many bytes a worker may have queued beyond its slots: a megabyte, and what a
// gigabit a second is in its round trip.
func (p *peer) queueRoom() int {
	return min(leastWindow+int(p.rtt.Seconds()*125e6), mostWindow)
}

// credit is how many jobs a worker may hold.
func (m *model) credit(p *peer) int {
	if p.slots == 0 || m.MaxLost == 1 || p.stuck {
		return p.slots
	}
	queue := p.rate * (p.rtt + horizon).Seconds()
	if p.rate*p.rtt.Seconds() > worthwhile*float64(p.slots) {
		queue = math.Ceil(queue)
	}
	return p.slots + int(queue)
}

// mayRun reports whether p may run a job: it has not failed there, or there is
// no other worker.
func (m *model) mayRun(p *peer, j *job) bool {
	if !slices.Contains(j.avoid, p.origin) {
		return true
	}
	for _, o := range m.peers {
		if o.slots > 0 && !slices.Contains(j.avoid, o.origin) {
			return false
		}
	}
	return true
}

// send checks that giving these jobs to p now is right, and notes it.
func (m *model) send(p *peer, r batch.Range, attempt int) {
	if p == nil || !p.open || p.away {
		violated("jobs %d+%d are sent to a worker that left", r.Seq, r.Count)
	}
	if m.stopped {
		violated("jobs %d+%d are sent after Stop", r.Seq, r.Count)
	}
	if r.Count < 1 || r.Seq < 1 || r.End()-1 > m.read {
		violated("jobs %d+%d are sent, of %d read", r.Seq, r.Count, m.read)
	}
	if want := m.record(r.Seq, r.End()); !bytes.Equal(r.Data, want) {
		violated("jobs %d+%d are sent as %.60q, want %.60q", r.Seq, r.Count, r.Data, want)
	}
	if r.Count > 1 && len(r.Data) > m.MaxBytes {
		violated("jobs %d+%d are sent in one lease of %d bytes", r.Seq, r.Count, len(r.Data))
	}
	if p.alone {
		violated("job %d is sent to worker %d, which runs another alone", r.Seq, p.id)
	}
	if p.held > p.slots && p.bytes/p.held*(p.held-p.slots) >= p.queueRoom() {
		violated("job %d is sent to worker %d, which has %d bytes queued", r.Seq, p.id, p.bytes)
	}
	first := &m.all[r.Seq]
	for seq := r.Seq; seq < r.End(); seq++ {
		j := &m.all[seq]
		if j.state != first.state || j.state == leased || j.state > leased {
			violated("job %d is sent to worker %d while it is in state %d", seq, p.id, j.state)
		}
		if want := j.attempt; attempt != want {
			violated("job %d is sent as attempt %d, want %d", seq, attempt, want)
		}
		if !m.mayRun(p, j) {
			violated("job %d failed on worker %d and is sent there again while there are others", seq, p.id)
		}
		if j.few > 0 && r.Count > j.few {
			violated("job %d is sent with %d others, though it was lost in a lease of which at most %d are to go together", seq, r.Count-1, j.few)
		}
	}
	m.lowestFirst(p, r, first)
	m.fairly(p, r, first)
	m.aloneFirst(p, r, first)
	m.takeWaiting(r, first.state)
	m.leases++
	p.sent = m.turns
	p.wakes(m.now)
	for seq := r.Seq; seq < r.End(); seq++ {
		j := &m.all[seq]
		if j.lost > 0 {
			p.afresh++
		}
		if m.lastChance(j) {
			if p.alone = true; p.held > 0 || r.Count > 1 {
				violated("job %d may be poisonous and is run by worker %d beside %d others", seq, p.id, p.held+r.Count-1)
			}
		}
		j.state, j.holder, j.since, j.lease = leased, p, m.now, m.leases
	}
	m.toNext()
	m.leased += r.Count
	m.load(p, r)
}

// load notes that p has more jobs.
func (m *model) load(p *peer, r batch.Range) {
	m.spend(r.Count)
	p.held += r.Count
	p.bytes += len(r.Data)
	if p.held > m.credit(p) {
		violated("worker %d has %d jobs, its credit is %d (%d slots, rate %.0f, round trip %v, stuck %v)",
			p.id, p.held, m.credit(p), p.slots, p.rate, p.rtt, p.stuck)
	}
}

// wakes notes when p has jobs again.
func (p *peer) wakes(now time.Duration) {
	if p.held == 0 {
		p.since += now - p.idle
		p.moved = now
	}
}

// lowestFirst checks that jobs go in order: what was handed out before goes
// first.
func (m *model) lowestFirst(p *peer, r batch.Range, first *job) {
	if first.state == alone {
		return
	}
	if first.state == fresh && r.Seq != m.next {
		violated("job %d is sent, the first fresh one is %d", r.Seq, m.next)
	}
	if len(m.again) > 0 && r.Seq != m.again[0] {
		if j := &m.all[m.again[0]]; j.lost == 0 || p.afresh < p.slots {
			violated("job %d is sent to worker %d while %d waits to be run again", r.Seq, p.id, m.again[0])
		}
	}
}

// takeWaiting removes jobs from those that wait.
func (m *model) takeWaiting(r batch.Range, s state) {
	drop := func(list []uint64) []uint64 {
		i := slices.Index(list, r.Seq)
		return slices.Delete(list, i, i+r.Count)
	}
	switch s {
	case fresh:
		m.next = r.End()
		m.fresh -= r.Count
		m.unsent -= len(m.record(r.Seq, r.End()))
	case again:
		m.again = drop(m.again)
	case retry, alone:
		m.changed = m.turns
		if r.Count != 1 {
			violated("%d jobs from %d on are sent together though one failed or may be poisonous", r.Count, r.Seq)
		}
		if s == retry {
			m.retry = drop(m.retry)
		} else {
			m.alone = drop(m.alone)
		}
	default:
		violated("job %d is sent while it is in state %d", r.Seq, s)
	}
}

func (m *model) lastChance(j *job) bool { return j.lost > 0 && j.lost == m.MaxLost-1 }

// requeue notes that a job that was handed out waits again.
func (m *model) requeue(seq uint64) {
	j := &m.all[seq]
	j.newest = 0
	switch {
	case m.stopped:
		j.state = dropped
	case j.lost >= m.MaxLost:
		j.state, m.dooms = doomed, append(m.dooms, seq)
	case m.lastChance(j):
		j.state, m.alone, m.changed = alone, append(m.alone, seq), m.turns
	case len(j.avoid) > 0:
		j.state, m.retry = retry, append(m.retry, seq)
	default:
		at, _ := slices.BinarySearch(m.again, seq)
		j.state, m.again = again, slices.Insert(m.again, at, seq)
	}
}

// holds reports whether p holds all these jobs.
func (m *model) holds(p *peer, seq uint64, count int) bool {
	if !p.open || seq == 0 || seq+uint64(count)-1 > m.read {
		return false
	}
	for n := seq; n < seq+uint64(count); n++ {
		if j := &m.all[n]; !m.late(p, n) && (j.state != leased || j.holder != p && j.twin != p) {
			return false
		}
	}
	return true
}

// hasLeased reports whether p has a job as that attempt.
func (m *model) hasLeased(p *peer, t task) bool {
	return m.holds(p, t.seq, 1) && m.attemptOn(p, t.seq) == t.attempt
}

// release notes that p holds a job no more. If another does, that is its
// holder from now on.
func (m *model) release(p *peer, seq uint64) *job {
	j := &m.all[seq]
	switch {
	case j.twin == nil:
		j.holder = nil
		m.leased--
	case j.holder == p:
		j.holder, j.attempt, j.since, j.twin = j.twin, j.twinAttempt, j.twinSince, nil
	default:
		j.twin = nil
	}
	m.unload(p, seq)
	if p.alone {
		p.alone, m.changed = false, m.turns
	}
	if j.lost > 0 {
		p.afresh--
	}
	return j
}

// unload notes that p has one job fewer.
func (m *model) unload(p *peer, seq uint64) {
	if p.held--; p.held == 0 {
		p.idle = m.now
	}
	p.bytes -= len(m.record(seq, seq+1))
}

// answered notes how fast p answers.
func (m *model) answered(p *peer, n int) {
	p.acc += n
	p.stuck, p.moved = false, m.now
	if dt := m.now - p.since; dt >= mostMeasure || dt >= measure && p.acc >= p.slots {
		shown := float64(p.acc) / dt.Seconds()
		if p.rate == 0 {
			p.rate = shown
		} else {
			p.rate += (shown - p.rate) / 2
		}
		p.since, p.acc = m.now, 0
	}
}

// leasedTo is when p was given a job that it holds, and nobody has settled.
func (m *model) leasedTo(p *peer, seq uint64) time.Duration {
	j := &m.all[seq]
	if j.twin == p {
		return j.twinSince
	}
	return j.since
}

// settle notes that a job is answered or failed for good, with what is printed.
func (m *model) settle(seq uint64, out []byte) {
	j := &m.all[seq]
	if j.state == settled {
		violated("job %d is settled twice", seq)
	}
	j.state = settled
	m.settled++
	j.out = append(j.out, out...)
	if n := len(j.out); n > 0 && j.out[n-1] != m.Delim {
		j.out = append(j.out, m.Delim)
	}
	m.print(seq)
}

// leave notes that p vanished: what it held is charged with the loss.
func (m *model) leave(p *peer) {
	p.open = false
	m.changed = m.turns
	m.peers = slices.DeleteFunc(m.peers, func(o *peer) bool { return o == p })
	held := p.held
	if held == 0 {
		return
	}
	m.limit(p)
	for seq := uint64(1); seq <= m.read; seq++ {
		j := &m.all[seq]
		if j.twin != nil && (j.holder == p || j.twin == p) {
			m.loseOne(p, seq)
		} else if j.holder == p {
			m.release(p, seq)
			j.lost++
			j.nextAttempt()
			if j.lost >= m.MaxLost && m.MaxLost > 1 && held > 1 && !m.stopped {
				violated("job %d is to be given up though %d other jobs were lost with it", seq, held-1)
			}
			m.requeue(seq)
		}
	}
}

// limit notes that jobs that are lost together are to be handed out again in
// leases of no more than the square root of their number.
func (m *model) limit(p *peer) {
	for seq := uint64(1); seq <= m.read; {
		next := seq + 1
		if first := &m.all[seq]; first.holder == p {
			for next <= m.read && m.all[next].holder == p && m.all[next].lease == first.lease {
				next++
			}
			few := max(1, int(math.Sqrt(float64(next-seq))))
			for n := seq; n < next; n++ {
				m.all[n].few = few
			}
		}
		seq = next
	}
}

// giveUp checks that these jobs were lost too often.
func (m *model) giveUp(r batch.Range, attempt int) {
	m.promised++
	if want := m.record(r.Seq, r.End()); !bytes.Equal(r.Data, want) {
		violated("jobs %d+%d are given up as %.60q, want %.60q", r.Seq, r.Count, r.Data, want)
	}
	for seq := r.Seq; seq < r.End(); seq++ {
		i := slices.Index(m.dooms, seq)
		if i < 0 {
			violated("job %d is given up after %d losses", seq, m.all[seq].lost)
		}
		m.dooms = slices.Delete(m.dooms, i, i+1)
		if last := m.all[seq].attempt - 1; attempt != last {
			violated("job %d is given up after attempt %d, it was %d", seq, attempt, last)
		}
		m.all[seq].given = true
		m.settle(seq, nil)
	}
}

func (m *model) stop() {
	m.stopped = true
	for seq := uint64(1); seq <= m.read; seq++ {
		if j := &m.all[seq]; j.state < leased {
			j.state = dropped
		}
	}
	m.again, m.retry, m.alone = nil, nil, nil
	m.next, m.fresh, m.unsent = m.read+1, 0, 0
	for _, p := range m.peers {
		p.spared = 0
	}
}
