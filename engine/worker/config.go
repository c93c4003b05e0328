package worker

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
	"github.com/jobpipe/jobpipe/engine/message"
)

// Config is the same for all connections of a worker.
type Config struct {
	Connect []string // host:port or unix:PATH, of one or several coordinators; only Run needs it
	Key     *codec.Key
	// Insecure: no key and no encryption. Unix sockets never have either.
	Insecure bool
	Name     string
	Slots    int
	Compress string        // auto, none, s2 or zstd: what is offered
	Wait     time.Duration // how long Run goes on without reaching a coordinator
	Stay     bool          // Run goes on after a run is over, for ever
	Command  *command.Command
	Lines    bool // a command answers line by line, and is kept
	// Busy says why no job is to be started now, and is empty when any may be. Any
	// goroutine calls it. Nil is never busy.
	Busy func() string
	// Drain, once closed, makes the worker take no more jobs, finish what runs
	// and leave. Nil is never.
	Drain <-chan struct{}
	Log   *message.Log
	// Status takes a line about what the worker does now, each time that it begins
	// something, or tries again. Run's goroutine calls it. Nil is for nobody.
	Status func(line string)

	session [16]byte // stays the same over reconnects; Run makes it
	// A coordinator is left that has had nothing for us for so long: since it let us in,
	// and since the last job. 0 is never.
	idle, lull time.Duration
}

// ErrLost is wrapped by the errors of connections that broke: jobs that ran
// are given to others, and dialing again makes sense.
var ErrLost = errors.New("lost the coordinator")

// The coordinator is left because it has had nothing for us: for a while, or ever.
var (
	errIdle   = errors.New("no more work")
	errNoWork = errors.New("no work")
)

// ErrRefused is wrapped by errors that would come again at each try.
var ErrRefused = errors.New("refused by the coordinator")

func (c *Config) status(format string, args ...any) {
	if c.Status != nil {
		c.Status(fmt.Sprintf(format, args...))
	}
}

// working says for whom, where nobody else says it: slots in the coordinator's own
// process have not been dialed for.
func (c *Config) working(addr net.Addr, w codec.Welcome) {
	if len(c.Connect) > 0 {
		c.status("working for %s", addr)
		c.Log.Info("joined", "addr", addr.String(), "slots", c.Slots, "run", runName(w), "again", w.Resumed)
	}
}

func (c *Config) draining() bool {
	select {
	case <-c.Drain:
		return true
	default:
		return false
	}
}
