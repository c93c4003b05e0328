//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
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
	path := filepath.Join(dir, "socket")
	cmd := exec.Command(program, "-q", "-l", "unix:"+path)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return o, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return o, err
	}
	if err := cmd.Start(); err != nil {
		return o, fmt.Errorf("%w; make build makes it", err)
	}
	o, err = t.measure(path, cmd.Process.Pid, stdin, stdout)
	if err != nil {
		_ = cmd.Process.Kill()
	}
	return o, errors.Join(err, cmd.Wait())
}

// measure hires the workers, and then times the jobs.
func (t trial) measure(path string, pid int, stdin io.WriteCloser, stdout io.Reader) (o outcome, err error) {
	for range 1000 {
		if _, err = os.Stat(path); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	c, err := hire(path, t.workers, t.slots, t.took)
	if err != nil {
		return o, err
	}
	time.Sleep(200 * time.Millisecond) // all are welcomed
	here, there := processorTime(os.Getpid()), processorTime(pid)
	began := time.Now()
	fed := make(chan error, 1)
	go func() { fed <- writeNumbers(stdin, t.jobs) }()
	err = tally(stdout, t.jobs)
	o = outcome{
		trial: t, wall: time.Since(began), peak: peakOf(pid),
		there: processorTime(pid) - there, here: processorTime(os.Getpid()) - here,
	}
	if err != nil {
		return o, err
	}
	err = errors.Join(<-fed, stdin.Close())
	if rest, _ := io.ReadAll(stdout); len(rest) > 0 {
		err = errors.Join(err, fmt.Errorf("after all results came %q", rest))
	}
	return o, errors.Join(err, c.leave())
}

// writeNumbers writes the numbers from 1 to n, a line each.
func writeNumbers(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 256<<10)
	var line []byte
	for i := 1; i <= n; i++ {
		line = append(strconv.AppendInt(line[:0], int64(i), 10), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// tally reads the numbers from 1 to n, each exactly once, in any order.
func tally(r io.Reader, n int) error {
	seen := make([]uint64, n/64+1)
	buf := make([]byte, 0, 256<<10)
	for left := n; left > 0; {
		got, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		rest := buf
		for {
			line, after, found := bytes.Cut(rest, []byte{'\n'})
			if !found {
				break
			}
			i, bad := strconv.Atoi(string(line))
			if bad != nil || i < 1 || i > n || seen[i/64]&(1<<(i%64)) != 0 {
				return fmt.Errorf("%q is no result, or the second of its job", line)
			}
			seen[i/64] |= 1 << (i % 64)
			rest, left = after, left-1
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err != nil && left > 0 {
			return fmt.Errorf("%d results are missing: %w", left, err)
		}
	}
	return nil
}
