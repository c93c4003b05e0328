package main

import (
	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/flags"
)

var program = cmdline.Program{
	Name:  "jobpipe-worker",
	Usage: "-c ADDR [flags] [--] command [argument ...]",
	About: `Takes jobs from a jobpipe on another machine, runs the command for each, and
sends back what it prints. The command begins behind -- or with the first
argument that is no flag, and what follows is its own.`,
	Version: version,
}

// An invocation is what the user typed. The order is that of --help.
type invocation struct {
	Connect  []string       `short:"c" placeholder:"ADDR" help:"the coordinator, host:port or unix:PATH; of several, those that have work"`
	Wait     flags.Duration `placeholder:"TIME" default:"1m" help:"keep trying to reach the coordinator this long"`
	Stay     bool           `help:"after a run is over wait for the next one, for ever"`
	Name     string         `placeholder:"NAME" help:"what messages call this worker (default the host's name)"`
	KeyFile  flags.File     `placeholder:"FILE" env:"-" help:"connect only where the key in FILE is known; else JOBPIPE_KEY_FILE's"`
	Insecure bool           `help:"no key and no encryption, on both ends; warns"`
	Compress string         `placeholder:"HOW" enum:"auto,none,s2,zstd" default:"auto" help:"compress what goes over the wire: auto, none, s2 or zstd"`

	Jobs      flags.Slots    `short:"j" placeholder:"N" default:"100%" help:"run N jobs at a time, or N% of the CPUs"`
	Lines     bool           `help:"keep the command running: one line in, one line out"`
	MaxResult flags.Size     `placeholder:"SIZE" help:"a job that prints more has failed (default no limit)"`
	KillAfter flags.Duration `placeholder:"TIME" default:"5s" help:"time between TERM and KILL when a job is ended"`
	Load      flags.Load     `placeholder:"MAX" help:"start no job while the load is above MAX, or MAX% of the processors"`
	Memfree   flags.Size     `placeholder:"SIZE" help:"start no job while less memory than SIZE is free"`
	Nice      int            `placeholder:"N" default:"0" help:"niceness of the commands, -20 to 19"`

	Quiet   bool `short:"q" help:"errors only on stderr"`
	Verbose bool `short:"v" help:"more on stderr: a structured line for each thing that matters"`
	cmdline.Printing

	Command []string `arg:"" optional:"" passthrough:"partial"`
}
