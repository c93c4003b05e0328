//go:build linux

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jobpipe/jobpipe/integration/numbers"
)

// A trial is one run of a coordinator with workers of this process.
type trial struct {
	jobs    int
	workers int
	slots   int // of each worker
	took    time.Duration
}

// An outcome is what a trial cost, from the first job to the last result.
type outcome struct {
	trial
	wall  time.Duration
	there time.Duration // processor time of the coordinator
	here  time.Duration // and of this process: workers, input and output
	peak  int64         // bytes that the coordinator had in memory
}

// run makes a trial. A job without a result or with two is an error.
func (t trial) run(program string) (o outcome, err error) {
	dir, err := os.MkdirTemp("", "jobpipe-scale-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	path, said := filepath.Join(dir, "socket"), filepath.Join(dir, "addr")
	cmd := exec.Command(program, "-q", "-l", "unix:"+path, "--listen-file", said)
	err = coordinate(cmd, func(pid int, stdin io.WriteCloser, stdout io.Reader) error {
		if _, err := firstLine(said); err != nil {
			return err
		}
		o, err = t.measure(path, pid, stdin, stdout)
		return err
	})
	return o, err
}

// measure hires the workers, and then times the jobs.
func (t trial) measure(path string, pid int, stdin io.WriteCloser, stdout io.Reader) (o outcome, err error) {
	c := &crew{took: t.took, slots: t.slots, dial: func(int) (net.Conn, error) { return net.Dial("unix", path) }}
	if err := c.hire(t.workers); err != nil {
		return o, err
	}
	time.Sleep(200 * time.Millisecond) // all are welcomed
	here, there := processorTime(os.Getpid()), processorTime(pid)
	began := time.Now()
	fed := make(chan error, 1)
	go func() { fed <- numbers.Write(stdin, t.jobs) }()
	err = numbers.NewTally(t.jobs).Read(stdout, t.jobs)
	o = outcome{
		trial: t, wall: time.Since(began), peak: peakOf(pid),
		there: processorTime(pid) - there, here: processorTime(os.Getpid()) - here,
	}
	if err != nil {
		return o, err
	}
	return o, errors.Join(<-fed, stdin.Close(), nothingMore(stdout), c.leave())
}
