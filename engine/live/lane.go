package live

import "time"

const (
	// Cells is how many seconds back a lane goes.
	Cells = 60
	// cell is the time of one.
	cell = time.Second
)

// A Lane is what the slots of one worker did lately, second by second. What is
// sent and answered is known when it happens; when a job ran is known once it is
// answered, and until then the oldest jobs are taken to be running. So what a
// lane says of the last seconds may yet change.
//
// Who has it calls Sent, Answered, Ended, Returned, Slots, Blocked and Leave when
// these happen, and tells the time, which never goes back.
//
// The lane of all workers together is told by theirs.
type Lane struct {
	minute
	whole   Total
	all     *Lane // of all workers together; nil for that one itself
	slots   int
	jobs    int // of all workers: the slots that have one
	blocked int // slots that have a job, where answers wait for stdout
	full    bool
	last    time.Duration // until then slots and jobs are counted
}

// A Total is slot-time since a lane began, in seconds.
type Total struct {
	Slots   float64 // of all slots
	Busy    float64 // of those that had a job, be it on its way
	Worked  float64 // in which answered jobs ran
	Blocked float64 // of those that had a job while answers waited for stdout
}

// A minute is a ring of cells. The newest is that of second `second`, and cells
// before the first are empty.
type minute struct {
	ring   [Cells]seconds
	second int
}

// seconds is slot-time in one cell, in seconds.
type seconds struct {
	slots    float32 // of all slots
	busy     float32 // of those that had a job, be it on its way
	worked   float32 // in which answered jobs ran
	outbound float32 // in which answered jobs were on their way, or queued
	inbound  float32 // in which answers were on their way
}

// NewLane begins the lane of a worker. All is that of all workers, which is NewLane
// without another.
func NewLane(now time.Duration, slots int, all *Lane) *Lane {
	l := &Lane{all: all, last: now}
	l.reach(now)
	l.set(slots, 0, false)
	return l
}

// Slots tells how many slots the worker has from now on.
func (l *Lane) Slots(now time.Duration, slots int) {
	l.Pass(now)
	l.set(slots, l.jobs, l.full)
}

// Blocked tells whether the worker's answers wait for stdout from now on: it has
// sent what it may, and nothing is written.
func (l *Lane) Blocked(now time.Duration, full bool) {
	l.Pass(now)
	l.set(l.slots, l.jobs, full)
}

// Ended tells that n jobs, handed out at that time, are not waited for any more.
// They were run, as far as one can tell.
func (l *Lane) Ended(now time.Duration, n int, sent time.Duration) {
	l.sum(Total{Worked: float64(n) * (now - sent).Seconds()})
}

// Leave ends the lane: the worker is gone.
func (l *Lane) Leave(now time.Duration) {
	l.Pass(now)
	l.set(0, 0, false)
}

// Sent tells that n jobs were handed out.
func (l *Lane) Sent(now time.Duration, n int) {
	l.Pass(now)
	l.set(l.slots, l.jobs+n, l.full)
}

// Returned tells that n jobs are the worker's no more.
func (l *Lane) Returned(now time.Duration, n int) {
	l.Pass(now)
	l.set(l.slots, max(0, l.jobs-n), l.full)
}

// Answered tells that n jobs are answered, which were sent and ran at these times.
func (l *Lane) Answered(now time.Duration, n int, sent, start, end time.Duration) {
	l.Returned(now, n)
	l.add(sent, start, 1, func(s *seconds) *float32 { return &s.outbound })
	l.add(start, end, 1, func(s *seconds) *float32 { return &s.worked })
	l.sum(Total{Worked: (end - start).Seconds()})
	l.add(end, now, 1, func(s *seconds) *float32 { return &s.inbound })
}

// Pass counts the time until now.
func (l *Lane) Pass(now time.Duration) {
	if now <= l.last {
		return
	}
	l.add(l.last, now, l.slots, func(s *seconds) *float32 { return &s.slots })
	l.add(l.last, now, min(l.jobs, l.slots), func(s *seconds) *float32 { return &s.busy })
	took := (now - l.last).Seconds()
	l.sum(Total{Slots: took * float64(l.slots), Busy: took * float64(min(l.jobs, l.slots)), Blocked: took * float64(l.blocked)})
	l.last = now
}

// Total is what the slots did until the time passed last.
func (l *Lane) Total() Total { return l.whole }

// sum adds slot-time to the totals, here and for all.
func (l *Lane) sum(t Total) {
	l.whole.Add(t)
	if l.all != nil {
		l.all.whole.Add(t)
	}
}

// Add adds the slot-time of others.
func (t *Total) Add(o Total) {
	t.Slots += o.Slots
	t.Busy += o.Busy
	t.Worked += o.Worked
	t.Blocked += o.Blocked
}

// set says how things are from now on, here and for all.
func (l *Lane) set(slots, jobs int, full bool) {
	blocked := 0
	if full {
		blocked = min(jobs, slots)
	}
	if l.all != nil {
		l.all.slots += slots - l.slots
		l.all.jobs += min(jobs, slots) - min(l.jobs, l.slots)
		l.all.blocked += blocked - l.blocked
	}
	l.slots, l.jobs, l.full, l.blocked = slots, jobs, full, blocked
}

// add adds n times the time from, to to one kind of slot-time, here and for all.
func (l *Lane) add(from, to time.Duration, n int, kind func(*seconds) *float32) {
	if n == 0 || to <= from {
		return
	}
	l.minute.add(from, to, n, kind)
	if l.all != nil {
		l.all.minute.add(from, to, n, kind)
	}
}

// reach makes the cell of a time the newest, if it is not older.
func (m *minute) reach(now time.Duration) {
	s := int(now / cell)
	if s-m.second >= Cells {
		*m = minute{second: s}
		return
	}
	for m.second < s {
		m.second++
		m.ring[m.second%Cells] = seconds{}
	}
}

func (m *minute) add(from, to time.Duration, n int, kind func(*seconds) *float32) {
	m.reach(to)
	from = max(from, time.Duration(m.second-Cells+1)*cell)
	for from < to {
		s := int(from / cell)
		end := min(to, time.Duration(s+1)*cell)
		*kind(&m.ring[s%Cells]) += float32(n) * float32((end - from).Seconds())
		from = end
	}
}
