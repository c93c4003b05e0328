package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/flags"
	"github.com/jobpipe/jobpipe/engine/render"
	"github.com/jobpipe/jobpipe/engine/worker"
)

// check finds what makes no sense together, before anything is opened. What is
// set by a variable is a wish for all runs, and passed over in a run that has
// no use for it.
func (v *invocation) check(line *cmdline.Line) (err error) {
	if v.NewKey {
		if line.GivenFlags() > 1 || len(v.Command) > 0 {
			return errors.New("--new-key prints a key and does nothing else; leave the rest out")
		}
		return nil
	}
	if v.Command, err = cmdline.Command(v.Command); err != nil {
		return err
	}
	if err := v.checkWorkers(line); err != nil {
		return err
	}
	if err := v.checkKey(line); err != nil {
		return err
	}
	switch {
	case v.MaxJob > worker.MaxRecord:
		return fmt.Errorf("--max-job: %v is too much; a worker takes jobs of up to %v", v.MaxJob, flags.Size(worker.MaxRecord))
	case line.Given("timeout") && v.Timeout == 0:
		return errors.New("--timeout 0 would end every job at once; leave it out for no limit")
	case v.MaxLost == 0:
		return errors.New("--max-lost 0 would fail every job; write at least 1")
	case v.DeadAfter < flags.Duration(worker.LeastDead) || v.DeadAfter > flags.Duration(worker.MostDead):
		return fmt.Errorf("--dead-after %v is out of reason; write %v to %v", v.DeadAfter, worker.LeastDead, worker.MostDead)
	case v.Grace > 0 && v.Grace <= v.DeadAfter:
		return fmt.Errorf("--grace %v would be over when a silence of --dead-after %v is noticed; write more, or 0 for none", v.Grace, v.DeadAfter)
	}
	if line.Given("retry-failed") && v.RetryFailed && v.Journal == "" {
		return errors.New("--retry-failed is about the jobs of an earlier run, which only a journal knows; add --journal FILE")
	}
	if line.Given("http") && v.HTTP == "" {
		return errors.New("--http: the address is empty; write host:port, or :port for this machine only")
	}
	if err := v.checkFormat(line); err != nil {
		return err
	}
	if v.Quiet, v.Verbose, err = cmdline.Noise(line, v.Quiet, v.Verbose); err != nil {
		return err
	}
	return nil
}

// checkWorkers looks at who does the jobs.
func (v *invocation) checkWorkers(line *cmdline.Line) error {
	local, remote := len(v.Command) > 0, len(v.Listen) > 0
	switch {
	case line.Given("listen") && !remote:
		return errors.New("--listen: the address is empty; write host:port, :port or unix:PATH")
	case !local && line.Given("jobs") && remote:
		return errors.New("--jobs is for this machine, which has no command; write one behind --, or give --jobs to jobpipe-worker")
	case !local && line.Given("lines") && remote:
		return errors.New("--lines is about the command of this machine, which has none; give it to jobpipe-worker")
	case !local && !remote:
		return errors.New("nobody would do the jobs; write a command behind --, or let workers in with --listen, or both")
	case !remote && line.Given("speculate") && v.Speculate:
		return errors.New("--speculate runs slow jobs a second time on another worker, and none can connect; add --listen, or leave it out")
	case !remote && v.ListenFile != "":
		return errors.New("--listen-file has no address to tell; add --listen")
	}
	if v.Lines {
		return cmdline.Lines(v.Command)
	}
	return nil
}

// checkFormat decides between --format jsonl and --tag: an argument beats a variable.
func (v *invocation) checkFormat(line *cmdline.Line) error {
	if v.Format != "jsonl" || !v.Tag {
		return nil
	}
	switch format, tag := line.Given("format"), line.Given("tag"); {
	case format == tag:
		return errors.New("--tag is for lines of text, and with --format jsonl each object says which job it is of; leave one of them out")
	case format:
		v.Tag = false
	default:
		v.Format = "text"
	}
	return nil
}

// format is what a result looks like.
func (v *invocation) format() render.Format {
	switch {
	case v.Format == "jsonl":
		return render.JSONLines
	case v.Tag:
		return render.TaggedText
	}
	return render.Text
}

// checkKey looks at what protects the addresses.
func (v *invocation) checkKey(line *cmdline.Line) error {
	switch {
	case v.Insecure && v.KeyFile != "":
		return errors.New("--insecure means no key, and --key-file names one; decide for one of them")
	case line.Given("insecure") && v.Insecure && len(v.Listen) == 0:
		return errors.New("--insecure is about workers on other machines, and none can connect; add --listen, or leave it out")
	case v.KeyFile != "" && len(v.Listen) == 0:
		return errors.New("--key-file is about workers on other machines, and none can connect; add --listen, or leave it out")
	case v.KeyFile != "" && !v.overTCP():
		return errors.New("--key-file has no use: a Unix socket is for this user only and needs no key; leave it out")
	}
	return nil
}

// overTCP tells whether strangers can reach one of the addresses.
func (v *invocation) overTCP() bool {
	for _, a := range v.Listen {
		if !strings.HasPrefix(a, "unix:") {
			return true
		}
	}
	return false
}
