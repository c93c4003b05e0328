// Command jobpipe is the coordinator's command line: it turns flags into what
// the engine is to do, and what became of it into an exit status. All that is
// odd about a command line is found before anything is read, and told in one
// line with a hint. It does no work of its own: see package engine.
//
// While a run goes on, only the engine writes to stderr.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/first"
	"github.com/jobpipe/jobpipe/cmd/internal/say"
	"github.com/jobpipe/jobpipe/cmd/internal/signals"
	"github.com/jobpipe/jobpipe/engine"
	"github.com/jobpipe/jobpipe/engine/command"
	"github.com/jobpipe/jobpipe/engine/key"
	"github.com/jobpipe/jobpipe/engine/message"
)

// version is set by the linker.
var version = "dev"

// killAfter is the time between TERM and KILL for jobs on this machine.
const killAfter = 5 * time.Second

func main() {
	first.Split()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin, stdout, stderr *os.File) int {
	v, err := parse(args, stdout)
	switch {
	case errors.Is(err, cmdline.ErrDone):
		return allDone
	case err != nil:
		fmt.Fprintf(stderr, "jobpipe: %v\n", err)
		return nothingRan
	}
	how := cmdline.How(v.Quiet, v.Verbose)
	watch := signals.New()
	log := message.New("jobpipe", how, say.Lines(stderr, watch.Context.Done()))

	limitMemory(int64(v.Buffer))
	o, f, err := v.prepare(stdin, stdout, stderr, log)
	if err != nil {
		log.Errorf("%s", oneLine(err))
		return nothingRan
	}
	o.Say = how
	watch.Catch(nil) // what took its time, as opening a FIFO does, could be interrupted
	r, err := engine.Open(o)
	if err != nil {
		log.Errorf("%s", oneLine(err))
		return nothingRan
	}
	report, err := r.Do(watch.Context, watch.Drain)
	if o.Command != nil {
		o.Command.Close()
	}
	if err == nil {
		err = f.close()
	}
	if o.Progress && watch.Context.Err() != nil && isTerminal(stderr) && os.Getenv("TERM") != "dumb" {
		fmt.Fprint(stderr, "\r\x1b[K\x1b[J") // a progress line that nobody took away
	}
	status, words := verdict(report, err, watch.First(), v.Quiet || o.Summary)
	if words != "" {
		log.Errorf("%s", words)
	}
	return status
}

// parse reads the command line. What only prints something does so here.
func parse(args []string, stdout io.Writer) (*invocation, error) {
	v := &invocation{}
	line, err := cmdline.Parse(v, program, args, stdout)
	if err != nil {
		return nil, err
	}
	if err := v.check(line); err != nil {
		return nil, err
	}
	if v.NewKey {
		if _, err := fmt.Fprintln(stdout, key.New()); err != nil {
			return nil, fmt.Errorf("cannot write the key to stdout: %w", cmdline.Cause(err))
		}
		return nil, cmdline.ErrDone
	}
	return v, nil
}

// prepare finds and opens everything that a run needs.
func (v *invocation) prepare(stdin, stdout, stderr *os.File, log *message.Log) (o engine.Options, f files, err error) {
	o = engine.Options{
		Stderr:     stderr,
		Delim:      '\n',
		KeepOrder:  v.KeepOrder,
		MaxJob:     int64(v.MaxJob),
		Buffer:     int64(v.Buffer),
		Listen:     v.Listen,
		ListenFile: string(v.ListenFile),
		Insecure:   v.Insecure,
		Compress:   v.Compress,
		DeadAfter:  time.Duration(v.DeadAfter),
		Grace:      time.Duration(v.Grace),
		Slots:      int(v.Jobs),
		Lines:      v.Lines,
		Format:     v.format(),
		Retries:    int(v.Retries),
		MaxLost:    int(v.MaxLost),
		Speculate:  v.Speculate,
		Rate:       float64(v.Rate),
		Timeout:    time.Duration(v.Timeout),
		Halt:       v.Halt,
		HTTP:       v.HTTP,

		Journal:     string(v.Journal),
		RetryFailed: v.RetryFailed,
		Replace:     v.Output != "",
		Argv:        v.Command,
	}
	if v.Null {
		o.Delim = 0
	}
	if len(v.Command) > 0 {
		o.Slots = cmdline.Fit(o.Slots, log.Warnf)
		here, err := os.Hostname()
		if err != nil {
			here = "localhost"
		}
		o.Command, err = command.New(v.Command, command.Options{Worker: here, KillAfter: killAfter})
		if err != nil {
			return o, f, err
		}
	}
	if f, err = openFiles(v, stdin, stdout); err != nil {
		return o, f, err
	}
	o.Stdin, o.Stdout, o.Failed, o.Joblog, o.Trace = f.stdin, f.results, f.failed, f.joblog, f.trace
	o.Anew = f.anew(v.Journal != "")
	if o.Keys, err = v.findKeys(log); err != nil {
		return o, f, err
	}
	typed := isTerminal(stdin)
	if typed {
		log.Tell("reading jobs from the terminal", "reading jobs from the terminal; end with Ctrl-D")
	}
	switch v.Progress {
	case "always":
		o.Progress = true
	case "auto": // a line below what is being typed would be in the way
		o.Progress = isTerminal(stderr) && !typed && !v.Quiet
	}
	o.Summary = v.Verbose || isTerminal(stderr) && !v.Quiet
	return o, f, nil
}
