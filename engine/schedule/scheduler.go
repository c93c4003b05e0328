package schedule

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// WorkerID names one connection of a worker. It is never used again.
type WorkerID uint64

// Config is what the user decided, and the limits of the wire.
type Config struct {
	Delim    byte
	Retries  int // how often a failed job is tried again
	MaxLost  int // a job during which this many workers vanished is given up
	MaxBytes int // bytes of jobs in one lease (one longer record may exceed it)

	Speculate bool // near the end, start slow jobs a second time

	Rate float64 // jobs handed out in a second, at most; 0: no limit

	Keep bool // the bytes of answered jobs are looked at, until the next Dispatch
}

const (
	// horizon is how much work, beyond the round trip, a worker's queue holds
	// at the rate it has shown.
	horizon = 10 * time.Millisecond
	// worthwhile is the share of a slot's time that may be lost to round trips
	// before a job is queued against it.
	worthwhile  = 0.1
	leastWindow = 1 << 20 // see worker.window
	mostWindow  = 8 << 20
	// stuckAfter is how long a worker may answer nothing, at least and beyond the
	// round trip, before what it has queued is asked back; mostPatience is the most.
	stuckAfter   = 250 * time.Millisecond
	mostPatience = 5 * time.Second
	// maxReturned bounds the ranges waiting to be run again; above it no fresh
	// jobs are handed out, so that a worker that fails everything at once
	// cannot drag the whole input into memory.
	maxReturned = 10_000
)

// ActionKind says what an action asks for.
type ActionKind uint8

const (
	Send   ActionKind = iota // give Range to Worker, as attempt Attempt
	Revoke                   // ask Worker to give back up to Range.Count jobs it has not started
	GiveUp                   // Range's jobs are settled as failed: too many workers vanished
	Cancel                   // Worker need not answer Range, without Data: another has
)

// An Action is something for the caller to do. Range.Data is valid until the
// next event.
type Action struct {
	Kind    ActionKind
	Worker  WorkerID
	Range   batch.Range
	Attempt int
	Copy    bool // of a job that runs on another worker, too
}

// Scheduler holds the batches, leases, credit and retries of one run.
type Scheduler struct {
	conf    Config
	fresh   queue  // read and never handed out
	again   queue  // to be run again, by lowest seq
	retries []span // failed, to be tried elsewhere; by time of failing
	alone   []span // one loss away from being given up: run with no other job beside them
	workers map[WorkerID]*worker
	order   []*worker // the same in order of joining, so that a run replays
	hungry  []*worker // have room; each once
	out     int       // jobs leased
	ended   bool
	stopped bool
	paused  bool     // fresh jobs wait
	lost    []Action // give-ups not yet returned by Dispatch
	losers  []Action // cancellations not yet returned by Dispatch
	doomed  []span   // the jobs of lost
	spent   []span   // settled, their bytes still promised to the caller

	reserved []*worker     // being emptied for, or running, a job of alone
	revoked  time.Duration // when jobs were last asked back for idle workers
	took     times         // how long jobs were leased until they were answered, or failed for good
	pace     pace
}

// New returns a scheduler with no jobs and no workers.
func New(conf Config) *Scheduler {
	return &Scheduler{conf: conf, workers: map[WorkerID]*worker{}, pace: pace{rate: conf.Rate, allowed: 1}}
}

// Add takes in the next jobs of the input.
func (s *Scheduler) Add(r batch.Range) {
	if s.stopped {
		r.Block.Release(r.Count)
		return
	}
	s.fresh.push(span{Range: r, lo: r.Seq, hi: r.End(), attempt: 1})
}

// EndOfInput says that no more jobs will be added.
func (s *Scheduler) EndOfInput() { s.ended = true }

// Pause says whether fresh jobs are to wait as long as others are under way.
func (s *Scheduler) Pause(paused bool) { s.paused = paused }

// mayBegin reports whether a fresh job may be handed out.
func (s *Scheduler) mayBegin() bool {
	returned := s.again.len() + len(s.retries) + len(s.alone)
	return s.fresh.len() > 0 && returned < maxReturned && !(s.paused && s.out+returned > 0)
}

// Stop drops every job that waits and hands out no more. What is leased may
// still be answered; what is queued on workers is asked back.
func (s *Scheduler) Stop() {
	s.stopped, s.ended = true, true
	s.drop(s.fresh.all())
	s.drop(s.again.all())
	s.drop(s.retries)
	s.drop(s.alone)
	s.fresh, s.again, s.retries, s.alone = queue{}, queue{}, nil, nil
	for _, w := range s.order {
		w.revokeAt = 0
	}
}

func (s *Scheduler) drop(spans []span) {
	for i := range spans {
		spans[i].release()
	}
}

// Done reports whether every job of the input is settled.
func (s *Scheduler) Done() bool {
	return s.ended && s.out == 0 && len(s.lost) == 0 && s.Waiting() == 0
}

// Waiting is the number of jobs read and not handed out.
func (s *Scheduler) Waiting() int {
	n := s.fresh.jobs + s.again.jobs
	for i := range s.retries {
		n += s.retries[i].jobs()
	}
	return n + len(s.alone)
}

// Leased is the number of jobs handed out and not answered; one that was started
// twice counts once.
func (s *Scheduler) Leased() int { return s.out }

// Wants reports whether more input would be of use: less than about
// a megabyte of fresh jobs waits.
func (s *Scheduler) Wants() bool { return s.fresh.bytes < 1<<20 && !s.stopped }

// Hungry reports whether some worker has room for a job.
func (s *Scheduler) Hungry() bool { return len(s.hungry) > 0 }

// Compact moves the bytes of all jobs that are handed out or wait to be run
// again out of the blocks they were read into. The caller does this when the
// blocks' budget is spent and workers idle: a few slow jobs, one in each block,
// would otherwise keep the input from being read.
func (s *Scheduler) Compact() {
	for _, w := range s.order {
		for _, l := range w.leases {
			l.own(s.conf.Delim)
		}
	}
	for _, list := range [][]span{s.again.all(), s.retries, s.alone} {
		for i := range list {
			list[i].own(s.conf.Delim)
		}
	}
}
