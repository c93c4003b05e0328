package schedule

import (
	"iter"
	"time"
)

// What follows is for those who watch a run, and changes nothing.

// A Lease is jobs that a worker has, handed out together and not answered.
type Lease struct {
	Seq   uint64
	Count int
	Since time.Duration // when they were handed out
}

// Leases gives what a worker has and is not settled, the lowest numbers first.
func (s *Scheduler) Leases(id WorkerID) iter.Seq[Lease] {
	return func(yield func(Lease) bool) {
		w := s.workers[id]
		if w == nil {
			return
		}
		for _, l := range w.leases {
			if !l.void && !yield(Lease{l.lo, l.jobs(), l.since}) {
				return
			}
		}
	}
}

// Load is how many jobs a worker has, and how many it runs at a time for now.
func (s *Scheduler) Load(id WorkerID) (jobs, slots int) {
	if w := s.workers[id]; w != nil {
		return w.jobs, w.slots
	}
	return 0, 0
}

// Since is when a job was handed to a worker that has it.
func (s *Scheduler) Since(id WorkerID, seq uint64) (since time.Duration, ok bool) {
	w := s.workers[id]
	if w == nil {
		return 0, false
	}
	at, ok := w.find(seq)
	if !ok {
		return 0, false
	}
	return w.leases[at].since, true
}

// Record is the record of a job that a worker has, valid until the next event.
func (s *Scheduler) Record(id WorkerID, seq uint64) []byte {
	w := s.workers[id]
	if w == nil {
		return nil
	}
	at, ok := w.find(seq)
	if !ok || w.leases[at].void {
		return nil
	}
	r := w.leases[at].Range
	if r.Seq < seq {
		r.Split(s.conf.Delim, int(seq-r.Seq))
	}
	return r.Split(s.conf.Delim, 1).Data
}
