package live

import "time"

// What a Run holds at most, however large the run is.
const (
	MostSlow     = 10      // jobs
	MostFailures = 50      // failures
	MostStderr   = 4 << 10 // bytes of what a failed job wrote to stderr
	MostText     = 200     // bytes of the record of a job
)

// A Run is a run at one moment.
type Run struct {
	Began time.Time
	At    time.Duration // since then

	Read    int64 // jobs of the input so far
	Bytes   int64 // that they had
	Ended   bool  // there are no more
	Done    int64 // with a result, or failed for good
	Past    int64 // of those, the ones of earlier runs with the same journal
	Failed  int64 // of those, the failed ones
	Retried int64 // attempts that failed and were not the last
	Running int64 // handed out and not answered
	Waiting int64 // read and not handed out

	State State
	Why   string // what it waits for, in words; empty: nothing out of the ordinary

	Workers  []Worker // in order of joining; those that are away last
	Slots    int      // of all of them
	Strip    []Shares // what these did in the last minute, the oldest second first
	Slow     []Job    // those that have been handed out for longest
	Failures []Failure
	Took     Durations

	Received, Sent int64 // bytes from and to workers
	Held           int64 // bytes of results in memory
}

// A State is how far the end of a run has come.
type State string

// The states, in this order.
const (
	Going    State = "running"
	Stopping State = "stopping" // no more jobs are begun
	Over     State = "over"
)

// A Worker is one that is connected, or may return.
type Worker struct {
	ID      uint64 // of its first connection
	Name    string
	Addr    string // empty: on this machine, in the same process
	Slots   int    // now; 0: it takes no jobs for now
	Running int    // jobs in its slots
	Queued  int    // jobs beyond those
	Done    int64  // jobs that it answered
	Failed  int64  // attempts that failed
	Away    bool   // its connection was cut

	Received, Sent int64 // bytes from and to it
	Shares               // of the last seconds
}

// A Job is one that was handed out, or with --lines some that were together.
type Job struct {
	Seq    uint64
	Count  int
	Text   string // the beginning of the record of the first
	Worker string
	For    time.Duration // since it was handed out
}

// A Failure is a job that failed for good.
type Failure struct {
	Seq    uint64
	Text   string // the beginning of its record
	Worker string // empty: it was on none
	Cause  string
	Stderr string // the end of it
	At     time.Duration
}
