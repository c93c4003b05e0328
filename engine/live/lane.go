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
// Who has it calls Sent, Answered, Returned and Slots when these happen, and
// tells the time, which never goes back.
type Lane struct {
	minute
	all   *Lane // of all workers together; nil for that one itself
	slots int
	jobs  int
	last  time.Duration // until then slots and jobs are counted
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
	l := &Lane{all: all, slots: slots, last: now}
	l.reach(now)
	return l
}

// Slots tells how many slots the worker has from now on.
func (l *Lane) Slots(now time.Duration, slots int) {
	l.Pass(now)
	l.slots = slots
}

// Sent tells that n jobs were handed out.
func (l *Lane) Sent(now time.Duration, n int) {
	l.Pass(now)
	l.jobs += n
}

// Returned tells that n jobs are the worker's no more.
func (l *Lane) Returned(now time.Duration, n int) {
	l.Pass(now)
	l.jobs = max(0, l.jobs-n)
}

// Answered tells that n jobs are answered, which were sent and ran at these times.
func (l *Lane) Answered(now time.Duration, n int, sent, start, end time.Duration) {
	l.Returned(now, n)
	l.add(sent, start, 1, func(s *seconds) *float32 { return &s.outbound })
	l.add(start, end, 1, func(s *seconds) *float32 { return &s.worked })
	l.add(end, now, 1, func(s *seconds) *float32 { return &s.inbound })
}

// Pass counts the time until now.
func (l *Lane) Pass(now time.Duration) {
	if now <= l.last {
		return
	}
	l.add(l.last, now, l.slots, func(s *seconds) *float32 { return &s.slots })
	l.add(l.last, now, min(l.jobs, l.slots), func(s *seconds) *float32 { return &s.busy })
	l.last = now
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
