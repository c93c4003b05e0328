// Command jobpipe-worker is the worker's command line: it turns flags into what
// package worker is to do, and what became of it into an exit status.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/first"
	"github.com/jobpipe/jobpipe/cmd/internal/say"
	"github.com/jobpipe/jobpipe/cmd/internal/signals"
	"github.com/jobpipe/jobpipe/engine/command"
	"github.com/jobpipe/jobpipe/engine/machine"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/worker"
)

// version is set by the linker.
var version = "dev"

// The exit statuses, besides those of signals.
const (
	runIsOver  = 0
	cannotWork = 2
)

func main() {
	first.Split()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout io.Writer, stderr *os.File) int {
	v, err := parse(args, stdout)
	switch {
	case errors.Is(err, cmdline.ErrDone):
		return runIsOver
	case err != nil:
		fmt.Fprintf(stderr, "jobpipe-worker: %v\n", err)
		return cannotWork
	}
	watch := signals.New()
	ending := make(chan struct{}) // closed at the first signal
	log := message.New("jobpipe-worker", cmdline.How(v.Quiet, v.Verbose), say.Lines(stderr, ending))
	defer log.Close()

	service, err := findManager()
	if err != nil {
		log.Warnf("%v", err)
	}
	cfg, err := v.prepare(log)
	if err != nil {
		log.Errorf("%v", err)
		return cannotWork
	}
	defer cfg.Command.Close()
	cfg.Status = service.status
	service.ready()
	watch.Catch(func(number int) {
		if number == 1 {
			close(ending)
			service.stopping()
			service.status("finishing the jobs that run")
			log.Tell("finishing", "finishing the jobs that run, and taking no more; a second signal stops at once", "why", "signal")
		}
	})
	cfg.Drain = watch.Drain
	err = worker.Run(watch.Context, cfg)
	by := watch.First()
	switch {
	case by != 0 && (err == nil || errors.Is(err, context.Canceled)):
		return signals.Status(by)
	case err != nil:
		log.Errorf("%v", err)
		return cannotWork
	}
	return runIsOver
}

func parse(args []string, stdout io.Writer) (*invocation, error) {
	v := &invocation{}
	line, err := cmdline.Parse(v, program, args, stdout)
	if err != nil {
		return nil, err
	}
	return v, v.check(line)
}

// prepare finds everything that is needed to work.
func (v *invocation) prepare(log *message.Log) (cfg worker.Config, err error) {
	cfg = worker.Config{
		Connect:  v.Connect,
		Insecure: v.Insecure,
		Name:     v.Name,
		Slots:    cmdline.Fit(int(v.Jobs), log.Warnf),
		Lines:    v.Lines,
		Compress: v.Compress,
		Wait:     time.Duration(v.Wait),
		Stay:     v.Stay,
		Log:      log,
	}
	if cfg.Name == "" {
		if cfg.Name, err = os.Hostname(); err != nil {
			cfg.Name = "worker"
		}
	}
	limits := machine.Limits{Load: float64(v.Load), Free: int64(v.Memfree)}
	if err := limits.Check(); err != nil {
		return cfg, err
	}
	if limits != (machine.Limits{}) {
		cfg.Busy = limits.Exceeded
	}
	cfg.Command, err = command.New(v.Command, command.Options{
		Worker:    cfg.Name,
		KillAfter: time.Duration(v.KillAfter),
		MaxResult: int64(v.MaxResult),
		Nice:      v.Nice,
	})
	if err != nil {
		return cfg, err
	}
	cfg.Key, err = v.findKey(log)
	return cfg, err
}
