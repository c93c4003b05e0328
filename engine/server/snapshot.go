package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/jobpipe/jobpipe/engine/live"
)

// lately is how many seconds the shares of a worker are about.
const lately = 10

// Snapshot is the run as it is now. It may be called from any goroutine, and has
// the event loop make the copy: not more often than somebody can look.
func (s *Server) Snapshot(ctx context.Context) (*live.Run, error) {
	return ask(ctx, s, s.snapshot)
}

// Strips is what the slots of some workers did in the last minute, the oldest second
// first, by the numbers of the workers.
func (s *Server) Strips(ctx context.Context, ids []uint64) (map[uint64][]live.Shares, error) {
	return ask(ctx, s, func() map[uint64][]live.Shares { return s.strips(ids) })
}

// ask has the event loop answer a question.
func ask[T any](ctx context.Context, s *Server, answer func() T) (got T, err error) {
	told := make(chan T, 1)
	err = s.loop.Execute(ctx, gnet.RunnableFunc(func(context.Context) error {
		told <- answer()
		return nil
	}))
	if err != nil {
		return got, fmt.Errorf("asking the event loop: %w", err)
	}
	select {
	case got = <-told:
		return got, nil
	case <-ctx.Done():
		return got, fmt.Errorf("the event loop does not answer: %w", ctx.Err())
	}
}

func (s *Server) snapshot() *live.Run {
	now, c := s.now(), &s.Counts
	r := &live.Run{
		Began: s.start, At: now,
		Read: c.Read.Load(), Bytes: s.read, Ended: c.Ended.Load(), Done: c.Done.Load(), Past: s.pastDone, Failed: c.Failed.Load(),
		Retried: s.retried, Running: int64(s.sched.Leased()), Waiting: int64(s.sched.Waiting()),
		State:    live.Going,
		Failures: s.failures.All(),
		Received: s.received, Sent: s.sent, Held: s.Stage.Memory(),
	}
	switch {
	case s.phase != running:
		r.State = live.Over
	case s.stopped:
		r.State = live.Stopping
	}
	if s.watched != nil {
		r.Took = s.watched.took
	}
	facts := live.Facts{Met: s.lastID > 0, Where: s.Waits, Away: len(s.away), NoRoom: s.Writer.SpillErr() != nil}
	slow := slowest{now: now}
	r.Workers = make([]live.Worker, 0, len(s.peers)+len(s.away))
	known := s.known()
	together := s.together(now, known)
	for _, p := range known {
		w := s.worker(now, p, together)
		slow.look(s, p, &w)
		r.Slots += w.Slots
		if w.Slots > 0 {
			facts.Taking++
		}
		r.Workers = append(r.Workers, w)
	}
	r.Slow = slow.jobs()
	if together != nil {
		r.Strip = together.Strip()
	}
	if !s.Stage.Idle() {
		facts.Stuck = now - s.flowed
	}
	_, facts.ByRate = s.sched.Due()
	if s.Stage.Holding() {
		facts.Holding = s.Stage.Frontier()
	}
	r.Explain(facts)
	return r
}

// known is the workers that are connected, and then those that are away; each in
// order of joining. One that returns and has not said what it has is away.
func (s *Server) known() []*peer {
	all, connected := s.present()
	for _, part := range [][]*peer{all[:connected], all[connected:]} {
		slices.SortFunc(part, func(a, b *peer) int { return cmp.Compare(a.first, b.first) })
	}
	return all
}

// present is the same, in any order but that those who are away come last.
func (s *Server) present() (all []*peer, connected int) {
	all = make([]*peer, 0, len(s.peers)+len(s.away))
	for _, p := range s.peers {
		if p.was == nil && p.first != 0 {
			all = append(all, p)
		}
	}
	return append(all, s.away...), len(all)
}

// together is to be told of all lanes, which are brought up to now; nil where there
// are none.
func (s *Server) together(now time.Duration, known []*peer) *live.Together {
	if s.watched == nil {
		return nil
	}
	for _, p := range known {
		p.counts.lane.Pass(now)
	}
	return live.NewTogether(now, s.watched.lane)
}

func (s *Server) worker(now time.Duration, p *peer, together *live.Together) live.Worker {
	jobs, slots := s.sched.Load(p.id)
	w := live.Worker{
		ID: uint64(p.first), Name: p.Hello.Name, Addr: p.Addr, Slots: slots,
		Running: min(jobs, slots), Done: p.counts.done, Failed: p.counts.failed,
		Away: p.closed, Received: p.counts.received, Sent: p.counts.sent,
	}
	if p.Local {
		w.Addr = ""
	}
	if slots == 0 {
		w.Running = jobs // it finishes those, as far as one can tell
	}
	w.Queued = jobs - w.Running
	if together != nil {
		u := s.unanswered(now, p)
		w.Shares = p.counts.lane.Lately(lately, u)
		together.Add(p.counts.lane, u)
	}
	return w
}

// unanswered is the jobs that a worker may be running.
func (s *Server) unanswered(now time.Duration, p *peer) *live.Unanswered {
	u := live.NewUnanswered(now)
	_, slots := s.sched.Load(p.id)
	for l := range s.sched.Leases(p.id) {
		if slots <= 0 {
			break
		}
		u.Add(l.Since, min(l.Count, slots))
		slots -= l.Count
	}
	return u
}

func (s *Server) strips(ids []uint64) map[uint64][]live.Shares {
	all := map[uint64][]live.Shares{}
	if s.watched == nil {
		return all
	}
	now := s.now()
	present, _ := s.present()
	for _, p := range present {
		if slices.Contains(ids, uint64(p.first)) {
			p.counts.lane.Pass(now)
			all[uint64(p.first)] = p.counts.lane.Strip(nil, live.Cells, s.unanswered(now, p))
		}
	}
	return all
}

// slowest finds the jobs that were handed out first and run, as far as one can
// tell: a slot of a worker takes the lowest number.
type slowest struct {
	now   time.Duration
	found []slow // the oldest first
}

type slow struct {
	peer  *peer
	seq   uint64
	count int
	since time.Duration
	text  string
}

func (f *slowest) look(s *Server, p *peer, w *live.Worker) {
	slots := w.Running
	for l := range s.sched.Leases(p.id) {
		if slots <= 0 {
			return
		}
		if p.Hello.Lines {
			f.add(s, slow{peer: p, seq: l.Seq, count: l.Count, since: l.Since})
			slots--
			continue
		}
		for i := range min(l.Count, slots) {
			f.add(s, slow{peer: p, seq: l.Seq + uint64(i), count: 1, since: l.Since})
		}
		slots -= l.Count
	}
}

func (f *slowest) add(s *Server, j slow) {
	if len(f.found) == live.MostSlow && j.since >= f.found[len(f.found)-1].since {
		return
	}
	j.text = live.Beginning(s.sched.Record(j.peer.id, j.seq), s.Schedule.Delim)
	at, _ := slices.BinarySearchFunc(f.found, j, func(a, b slow) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.seq, b.seq))
	})
	f.found = slices.Insert(f.found, at, j)
	f.found = f.found[:min(len(f.found), live.MostSlow)]
}

func (f *slowest) jobs() []live.Job {
	jobs := make([]live.Job, 0, len(f.found))
	for _, j := range f.found {
		jobs = append(jobs, live.Job{Seq: j.seq, Count: j.count, Text: j.text, Worker: j.peer.name(), For: f.now - j.since})
	}
	return jobs
}
