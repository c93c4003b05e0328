//go:build linux

package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/numbers"
)

// A crowd is a trial over TCP of many workers, each of one slot, who all come at
// once. It is seen what they cost while there is nothing to do, and then how they
// get through the jobs, or, in one that is cut, what becomes of these where all
// connections are closed meanwhile.
type crowd struct {
	workers int
	jobs    int
	took    time.Duration
	keyed   bool
	cut     bool
}

// A turnout is what came of it.
type turnout struct {
	crowd
	joined time.Duration // until all were there
	memory int64         // of the coordinator, for each of them
	idle   float64       // processors it used
	wall   time.Duration // of all jobs
	there  time.Duration // processor time of the coordinator
	back   time.Duration // until all were there again
	peak   int64
}

const (
	calm    = 5 * time.Second // for what they cost: a ping each
	earlier = 2 * time.Second // than the cut do the jobs begin
)

func (t crowd) run(program string) (o turnout, err error) {
	o.crowd = t
	dir, err := os.MkdirTemp("", "jobpipe-scale-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	said := filepath.Join(dir, "addr")
	cmd := exec.Command(program, "-q", "-l", "127.0.0.1:0", "--listen-file", said)
	if !t.keyed {
		cmd.Args = append(cmd.Args, "--insecure")
	}
	cmd.Env = append(os.Environ(), "HOME="+dir)
	err = coordinate(cmd, func(pid int, stdin io.WriteCloser, stdout io.Reader) error {
		return o.see(dir, said, pid, stdin, stdout)
	})
	return o, err
}

func (o *turnout) see(dir, said string, pid int, stdin io.WriteCloser, stdout io.Reader) error {
	addr, err := firstLine(said)
	if err != nil {
		return err
	}
	c := &crew{took: o.took, slots: 1, keep: true, begun: numbers.NewTally(o.jobs), dial: func(n int) (net.Conn, error) {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%machines))}
		return (&net.Dialer{LocalAddr: from}).Dial("tcp", addr)
	}}
	if o.keyed {
		if c.key, err = keyIn(filepath.Join(dir, ".config/jobpipe/key")); err != nil {
			return err
		}
	}
	alone, began := memoryOf(pid), time.Now()
	if err := c.hire(o.workers); err != nil {
		return err
	}
	o.joined = time.Since(began)
	time.Sleep(time.Second)
	before := processorTime(pid)
	time.Sleep(calm)
	o.idle = (processorTime(pid) - before).Seconds() / calm.Seconds()
	o.memory = (memoryOf(pid) - alone) / int64(o.workers)

	before, began = processorTime(pid), time.Now()
	fed := make(chan error, 1)
	go func() { fed <- numbers.Write(stdin, o.jobs) }()
	storm := make(chan error, 1)
	if o.cut {
		go func() {
			time.Sleep(earlier)
			cut := time.Now()
			c.cut()
			err := c.gather()
			o.back = time.Since(cut)
			storm <- err
		}()
	} else {
		storm <- nil
	}
	if err := numbers.NewTally(o.jobs).Read(stdout, o.jobs); err != nil {
		return err
	}
	o.wall, o.there, o.peak = time.Since(began), processorTime(pid)-before, peakOf(pid)
	if err := errors.Join(<-fed, <-storm, stdin.Close()); err != nil {
		return err
	}
	return errors.Join(nothingMore(stdout), c.leave())
}

// machines is how many addresses the workers come from.
const machines = 100

// firstLine waits for a file and returns its first line.
func firstLine(path string) (line string, err error) {
	for range 1000 {
		var f *os.File
		if f, err = os.Open(path); err == nil {
			line, err = bufio.NewReader(f).ReadString('\n')
			_ = f.Close()
			if err == nil {
				return strings.TrimSpace(line), nil
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", fmt.Errorf("the coordinator does not listen: %w", err)
}

func keyIn(path string) (*codec.Key, error) {
	line, err := firstLine(path)
	if err != nil {
		return nil, err
	}
	var key codec.Key
	_, err = hex.Decode(key[:], []byte(line))
	return &key, err
}

// printCrowds runs the trials and prints a row for each.
func printCrowds(program string, trials []crowd) error {
	fmt.Printf("workers that come at once over TCP, of one slot each:\n\n")
	fmt.Println("| workers | key | all joined in | memory each | cores used when idle | jobs | of | time | of the ideal | processor time a job | all cut: back in |")
	fmt.Println("|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, t := range trials {
		o, err := t.run(program)
		if err != nil {
			return err
		}
		fmt.Println(o)
	}
	fmt.Println()
	return nil
}

func (o turnout) String() string {
	key, back := "no", ""
	if o.keyed {
		key = "yes"
	}
	if o.cut {
		back = fmt.Sprintf("%.2f s", o.back.Seconds())
	}
	ideal := o.took.Seconds() * float64((o.jobs+o.workers-1)/o.workers)
	return fmt.Sprintf("| %s | %s | %.2f s | %.1f KiB | %.2f | %s | %v | %.2f s | %.1f %% | %.2f µs | %s |",
		commas(o.workers), key, o.joined.Seconds(), float64(o.memory)/1024, o.idle, commas(o.jobs), o.took,
		o.wall.Seconds(), 100*ideal/o.wall.Seconds(), o.there.Seconds()*1e6/float64(o.jobs), back)
}
