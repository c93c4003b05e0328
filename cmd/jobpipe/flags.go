package main

import (
	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/flags"
	"github.com/jobpipe/jobpipe/engine/halt"
)

var program = cmdline.Program{
	Name:  "jobpipe",
	Usage: "[flags] [--] [command [argument ...]]",
	About: `Each line of stdin is a job; a command does it, here or on the machines of
jobpipe-worker; what it prints comes together on stdout. The command begins
behind -- or with the first argument that is no flag, and what follows is its own.`,
	Version: version,
}

// An invocation is what the user typed. The order is that of --help.
type invocation struct {
	Listen     []string    `short:"l" placeholder:"ADDR" help:"accept workers at host:port, :port or unix:PATH; may be given twice"`
	ListenFile flags.File  `placeholder:"FILE" help:"write the bound addresses to FILE once accepting; removed at exit"`
	Jobs       flags.Slots `short:"j" placeholder:"N" default:"100%" help:"run N jobs at a time on this machine, or N% of its CPUs"`
	Lines      bool        `help:"the command keeps running and answers line by line"`

	KeepOrder bool       `short:"k" help:"results in input order, not as they are completed"`
	Null      bool       `short:"0" help:"jobs and results end with NUL, not newline"`
	Format    string     `placeholder:"FORMAT" enum:"text,jsonl" default:"text" help:"results as text, or jsonl: a JSON object a line for each job"`
	Tag       bool       `help:"put the job and a TAB before each line of its result"`
	Output    flags.File `short:"o" placeholder:"FILE" help:"write results to FILE instead of stdout"`
	MaxJob    flags.Size `placeholder:"SIZE" default:"64MiB" help:"a longer job has failed; it is never held whole"`
	Buffer    flags.Size `placeholder:"SIZE" default:"256MiB" help:"memory for jobs and results held; then a temporary file"`

	Retries   flags.Count    `placeholder:"N" default:"0" help:"try a job that failed or ran out of time N times more"`
	Timeout   flags.Duration `placeholder:"TIME" help:"end a job that runs longer; it has failed (default never)"`
	MaxLost   flags.Count    `placeholder:"N" default:"3" help:"a job during which N workers vanished has failed"`
	Speculate bool           `help:"near the end, run slow jobs a second time elsewhere; the first answer counts"`
	Rate      flags.Rate     `placeholder:"N/s" help:"start at most N jobs a second (default no limit)"`
	Halt      halt.When      `placeholder:"WHEN" default:"never" help:"end early: never, or soon or now with fail, success or done, as now,fail=10%"`
	Failed    flags.File     `placeholder:"FILE" help:"write the jobs that failed to FILE, ready to be fed back"`
	Joblog    flags.File     `placeholder:"FILE" help:"write a line to FILE about each job that has ended, as GNU parallel does"`

	Journal     flags.File `placeholder:"FILE" help:"remember in FILE what is done, so that the same command line goes on after a crash"`
	RetryFailed bool       `help:"with a journal: run again what has failed"`

	KeyFile   flags.File     `placeholder:"FILE" env:"-" help:"accept only workers with the key in FILE; else JOBPIPE_KEY_FILE's"`
	NewKey    bool           `env:"-" help:"print a fresh key and exit"`
	Insecure  bool           `help:"no key and no encryption, on both ends; warns"`
	Compress  string         `placeholder:"HOW" enum:"auto,none,s2,zstd" default:"auto" help:"compress what goes over the wire: auto, none, s2 or zstd"`
	DeadAfter flags.Duration `placeholder:"TIME" default:"15s" help:"a worker that is silent this long is gone"`
	Grace     flags.Duration `placeholder:"TIME" default:"30s" help:"how long a worker that lost its connection keeps its jobs; 0: not at all"`

	Progress string     `placeholder:"WHEN" enum:"auto,always,never" default:"auto" help:"show on stderr how far it is: auto, always or never"`
	HTTP     string     `name:"http" placeholder:"ADDR" help:"show the run live on a page at ADDR; :port is for this machine only"`
	Trace    flags.File `placeholder:"FILE" help:"write what every slot did when to FILE, for Perfetto"`
	Quiet    bool       `short:"q" help:"errors only on stderr"`
	Verbose  bool       `short:"v" help:"more on stderr: a structured line for each thing that matters, and a summary"`
	cmdline.Printing

	Command []string `arg:"" optional:"" passthrough:"partial"`
}
