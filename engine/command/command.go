package command

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the same for all jobs of a command.
type Options struct {
	Worker    string        // JOBPIPE_WORKER
	KillAfter time.Duration // between TERM and KILL
	MaxResult int64         // bytes of stdout and stderr together; 0: no limit
	Nice      int           // added to the niceness
}

// Two errors say that a job was not started; it is not charged for them.
var (
	// ErrCannotRun: no job can be run here, now or later.
	ErrCannotRun = errors.New("cannot run the command")
	// ErrNotStarted: the system lacks something that it may have again later.
	ErrNotStarted = errors.New("command not started")
)

// placeholder is what the record replaces in arguments.
const placeholder = "{}"

// A Command is a program with its arguments, looked up and ready to run.
// Its methods may be called from any goroutine.
type Command struct {
	path   string
	argv   []string
	inArgs bool // the record goes into the arguments, not on stdin
	opt    Options
	groups groups
	guard  guard

	hurried atomic.Bool
}

// New looks argv[0] up as a shell would. Its error says what to do.
func New(argv []string, opt Options) (*Command, error) {
	if len(argv) == 0 || argv[0] == "" {
		return nil, fmt.Errorf("%w: none is given; put it after --", ErrCannotRun)
	}
	if strings.Contains(argv[0], placeholder) {
		return nil, fmt.Errorf("%w %s: the program itself may not be taken from the input; to run each record as a shell command: sh -c {}", ErrCannotRun, argv[0])
	}
	for _, a := range argv {
		if strings.IndexByte(a, 0) >= 0 {
			return nil, fmt.Errorf("%w: the argument %q holds a NUL byte", ErrCannotRun, a)
		}
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, lookupError(argv[0], err)
	}
	c := &Command{path: path, argv: argv, opt: opt}
	for _, a := range argv[1:] {
		c.inArgs = c.inArgs || strings.Contains(a, placeholder)
	}
	c.groups.killAfter = opt.KillAfter
	c.groups.closed = make(chan struct{})
	unignore.Do(unignoreSignals)
	return c, nil
}

// Close kills at once what is left of the groups of jobs that are over. No job
// may be running.
func (c *Command) Close() {
	c.groups.close()
	c.guard.close()
}

// Hurry makes jobs that are ended from now on end by KILL, without the time
// that KillAfter would leave them.
func (c *Command) Hurry() { c.hurried.Store(true) }

// killAfter is the time between TERM and KILL.
func (c *Command) killAfter() time.Duration {
	if c.hurried.Load() {
		return 0
	}
	return c.opt.KillAfter
}

// arguments is argv for a job, and what of the record goes to stdin.
func (c *Command) arguments(j Job) (argv []string, stdin []byte) {
	if !c.inArgs {
		return c.argv, j.Record
	}
	record := j.Record
	if n := len(record); n > 0 && record[n-1] == j.Delim {
		record = record[:n-1]
	}
	argv = make([]string, len(c.argv))
	argv[0] = c.argv[0]
	for i, a := range c.argv[1:] {
		argv[i+1] = strings.ReplaceAll(a, placeholder, string(record))
	}
	return argv, nil
}

// unignore runs once a process: signal dispositions belong to all of it.
var unignore sync.Once
