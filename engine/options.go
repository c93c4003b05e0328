package engine

import (
	"os"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
	"github.com/jobpipe/jobpipe/engine/halt"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/render"
)

// Options is what the user decided about one run. The files stay the caller's
// to close.
type Options struct {
	Stdin  *os.File   // jobs
	Stdout *os.File   // results
	Stderr *os.File   // what jobs print there, and messages
	Failed *os.File   // jobs that failed, verbatim; nil: nowhere
	Joblog *os.File   // a line about each job that has ended; nil: nowhere
	Trace  *os.File   // what every slot did when; nil: nowhere
	Anew   []*os.File // those of them that are emptied, once nothing is in the way of the run

	Journal     string // remembers the run in this file, so that it can go on; empty: nothing does
	RetryFailed bool   // run again what failed before
	Replace     bool   // a new journal begins with empty results

	Delim     byte // ends records, and results that are text
	KeepOrder bool // results in input order
	Format    render.Format
	MaxJob    int64
	Buffer    int64 // bytes for jobs and results that have to be held

	Listen     []string // addresses for workers of other machines, as in accept
	ListenFile string   // gets the bound addresses, a line each; empty: none
	Keys       []codec.Key
	Insecure   bool   // neither key nor encryption on TCP
	Compress   string // auto, none, s2 or zstd
	DeadAfter  time.Duration
	Grace      time.Duration // how long a worker that lost its connection keeps its jobs

	Argv    []string         // of Command
	Command *command.Command // what this machine's own workers run; nil: it has none
	Slots   int              // of those
	Lines   bool             // it is kept and answers line by line

	Halt      halt.When // ends the run before its input does
	Retries   int
	MaxLost   int
	Speculate bool          // near the end, run slow jobs a second time elsewhere
	Rate      float64       // jobs begun in a second, at most; 0: no limit
	Timeout   time.Duration // of one job; 0: none

	HTTP     string // address at which the run can be watched, as in watch; empty: none
	Progress bool   // show on Stderr how far the run is
	Summary  bool   // say on Stderr how the run went
	Say      message.How
}

// A Report is what became of the jobs.
type Report struct {
	Read   int64 // jobs of the input
	Done   int64 // with a result, or failed for good
	Failed int64 // of those, the failed ones
	// Resumable is whether a run with the same journal goes on from here.
	Resumable bool
}
