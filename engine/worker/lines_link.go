package worker

import (
	"slices"

	"github.com/jobpipe/jobpipe/codec"
)

// claim tells the coordinator how many jobs are run at a time, as far as that is
// news: one that collects its answers has many under way. Otherwise so few would
// come that it has to be started for each. The link's mutex is held.
func (s *lines) claim() {
	l := s.link
	before := l.atATime()
	s.depth = min(s.filter.Depth(), codec.MaxSlots/l.cfg.Slots)
	if n := l.atATime(); n != before && !l.retired && l.paused == 0 {
		l.say(codec.TypeSlots, appendSlots(n))
	}
}

// atATime is how many jobs are run at a time. The link's mutex is held.
func (l *link) atATime() int {
	n := l.cfg.Slots
	for _, s := range l.lines {
		n += max(s.depth-1, 0)
	}
	return n
}

// mayStart tells whether there is a job that may be started. The mutex is held.
func (l *link) mayStart() bool {
	return l.queue.jobs > 0 && l.paused == 0 && l.results.held <= maxHeld
}

// roomy tells whether more answers may be read. The mutex is held.
func (o *outbox) roomy() bool { return o.answers.unsent < maxUnsent && o.held <= maxHeld }

// mayRead tells whether the slot may read more answers: one that has the preferred
// job at hand reads on whatever else waits. The mutex is held.
func (s *lines) mayRead() bool {
	o := &s.results
	return o.roomy() || len(s.given) > 0 && s.given[0].seq == o.first && o.firstAnswer() < 0
}

// await lists the slot among those that have nothing for their process. The
// link's mutex is held.
func (s *lines) await() {
	if !s.listed {
		s.listed = true
		s.link.hungry = append(s.link.hungry, s)
	}
}

// sated is the opposite. The link's mutex is held.
func (s *lines) sated() {
	if s.listed {
		s.listed = false
		s.link.hungry = slices.DeleteFunc(s.link.hungry, func(o *lines) bool { return o == s })
	}
}

// ringSlots wakes those that wait beside a process for what is there now. The
// link's mutex is held.
func (l *link) ringSlots() {
	over := l.retired || l.ended
	for n := l.queue.jobs; len(l.hungry) > 0 && (over || n > 0 && l.mayStart()); n-- {
		s := l.hungry[0]
		s.sated()
		s.filter.Ring()
	}
	if over || l.results.roomy() || l.results.first != 0 {
		for _, s := range l.stalled {
			s.filter.Ring()
		}
		l.stalled = l.stalled[:0]
	}
}

// stopLines ends the processes that owe answers, and starts no more. The link's
// mutex is held.
func (l *link) stopLines() {
	for _, s := range l.lines {
		s.stopped = true
		if len(s.given) > 0 {
			s.cancel()
		}
		s.filter.Ring()
	}
}

// cancelLines ends the processes that have jobs in c: they get no answer, and
// what else the processes have goes back. The link's mutex is held.
func (l *link) cancelLines(c span) {
	for _, s := range l.lines {
		for _, g := range s.given {
			if max(g.seq, c.seq) < min(g.seq+g.count, c.seq+c.count) {
				s.cancel()
			}
		}
	}
}
