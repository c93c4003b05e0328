package watch

import (
	"context"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/progress"
)

const (
	// fresh is how old a snapshot may be to be shown to another who looks.
	fresh = 250 * time.Millisecond
	// patience is how long the event loop may take to make one.
	patience = 2 * time.Second
)

// A looker asks the run how it is: seldom, however many want to know.
type looker struct {
	Config

	mu   sync.Mutex // guards what follows; held while the run is asked
	seen *sight
	err  error
	at   time.Time
	pace progress.Pace
	over bool // nothing more will be asked
}

// A sight is a run as it was seen once. It is never changed.
type sight struct {
	*live.Run
	total int64         // of its jobs, or about so many while not all are read; -1: not known
	rate  float64       // jobs a second, lately or, at the end, in all; 0: not known
	left  time.Duration // until it is over; negative: no telling

	// Of all workers together.
	running, queued int                      // jobs in their slots, and beyond those
	away, kept      int                      // workers that may return, and the jobs that they have
	all             [len(activities)]float32 // shares of the last seconds
}

// look returns the run as it is now, or was a moment ago.
func (l *looker) look() (*sight, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || !l.at.IsZero() && time.Since(l.at) < fresh {
		return l.seen, l.err
	}
	// Who asked may go away, and others wait for the answer.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	run, err := l.Snapshot(ctx)
	if err != nil {
		l.seen, l.err = nil, err
	} else {
		l.seen, l.err = l.see(run), nil
	}
	l.at = time.Now()
	return l.seen, l.err
}

// last makes a run the one that is seen from now on.
func (l *looker) last(run *live.Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen, l.err, l.over = l.see(run), nil, true
}

func (l *looker) see(run *live.Run) *sight {
	done := run.Done - run.Past
	if l.at.IsZero() { // the first time: what was before counts
		l.pace.Observe(run.Began, 0, run.Running)
	}
	l.pace.Observe(run.Began.Add(run.At), done, run.Running)
	s := &sight{Run: run, total: l.total(run), rate: l.pace.Rate(), left: -1}
	waits := run.Why != "" && run.Running == 0
	switch {
	case run.State == live.Over:
		s.rate = float64(done) / max(run.At.Seconds(), 1e-3)
	case s.total >= 0 && s.rate > 0 && !waits:
		if left := float64(s.total-run.Done) / s.rate; left < longest.Seconds() {
			s.left = time.Duration(left * float64(time.Second))
		}
	}
	s.add()
	return s
}

// total is how many jobs there will be, by how many there were in the bytes that
// have been read. To count those of a large file would take as much from jobs that are
// short as all the rest of watching.
func (l *looker) total(run *live.Run) int64 {
	size := l.Input()
	switch {
	case run.Ended:
		return run.Read
	case size < 0 || run.Bytes == 0:
		return -1
	}
	return max(run.Read, int64(float64(run.Read)*float64(size)/float64(run.Bytes)))
}

// longest is the longest time left that is told.
const longest = 1000 * time.Hour

// add takes the workers together. Those with more slots count for more.
func (s *sight) add() {
	slots := float32(0)
	for i := range s.Workers {
		w := &s.Workers[i]
		if w.Away {
			s.away++
			s.kept += w.Running + w.Queued
			continue
		}
		s.running += w.Running
		s.queued += w.Queued
		slots += float32(w.Slots)
		for i, share := range each(w.Shares) {
			s.all[i] += share * float32(w.Slots)
		}
	}
	for i := range s.all {
		s.all[i] /= max(slots, 1)
	}
}

// activities are what slots do, in the order of each.
var activities = [...]string{"working", "reading", "writing", "waiting", "free"}

// each is the shares in that order.
func each(s live.Shares) [len(activities)]float32 {
	return [...]float32{s.Working, s.Reading, s.Writing, s.Waiting, s.Free}
}
