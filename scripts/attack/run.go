package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// A run is a coordinator with decent workers, which echo numbers and take their
// time for each: what holds them up is the coordinator, not the processor.
type run struct {
	dir         string
	addr, local string // where it listens
	coordinator *exec.Cmd
	workers     []*exec.Cmd
	stop        chan struct{} // closed: no more jobs
	given       chan int      // how many jobs there were
	got         atomic.Int64  // results
	fault       chan error    // what is wrong with the results, once all are there
}

// first and second put a shell before what else goes on on the machine, where
// that is allowed. Linux shares processors among sessions, then among processes.
const (
	first  = "echo -10 >/proc/self/autogroup; renice -n -10 $$; "
	second = "echo -8 >/proc/self/autogroup; renice -n -8 $$; "
)

// command is a command in a session of its own.
func command(place, setup, name string, args ...string) *exec.Cmd {
	c := exec.Command("sh", append([]string{"-c", "{ " + place + "} >/dev/null 2>&1; " + setup + `exec "$0" "$@"`, name}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return c
}

// begin starts a run. The coordinator may have 1024 files open, as is usual.
func begin(bin string) (r *run, err error) {
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r = &run{stop: make(chan struct{}), given: make(chan int, 1), fault: make(chan error, 1)}
	if r.dir, err = os.MkdirTemp("", "jobpipe-attack"); err != nil {
		return nil, err
	}
	r.local = "unix:" + filepath.Join(r.dir, "s")
	env := append(os.Environ(), "HOME="+r.dir, "TMPDIR="+r.dir)
	listen := filepath.Join(r.dir, "addr")
	// Every worker that hangs up would be counted against the jobs it had.
	r.coordinator = command(first, "ulimit -n 1024; ", filepath.Join(bin, "jobpipe"), "-l", "127.0.0.1:0", "-l", r.local, "--listen-file", listen, "--max-lost", "1000000000")
	log, err := os.Create(filepath.Join(r.dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.coordinator.Env, r.coordinator.Stderr = env, log
	in, err := r.coordinator.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.coordinator.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.coordinator.Start(); err != nil {
		return nil, err
	}
	go r.give(in)
	go r.check(out)
	for r.addr == "" {
		text, _ := os.ReadFile(listen)
		r.addr, _, _ = strings.Cut(string(text), "\n")
		time.Sleep(10 * time.Millisecond)
	}
	for range 2 {
		w := command(first, "", filepath.Join(bin, "jobpipe-worker"), "-c", r.addr, "-j", "4", "--lines", "--", self, "-role", "job")
		w.Env = env
		if err := w.Start(); err != nil {
			return nil, err
		}
		r.workers = append(r.workers, w)
	}
	return r, nil
}

// keyFile is the key that the coordinator has made.
func (r *run) keyFile() string { return filepath.Join(r.dir, ".config/jobpipe/key") }

// ahead is how many jobs there are at most that have no result.
const ahead = 2000

// give writes numbers from 1 on.
func (r *run) give(in io.WriteCloser) {
	defer in.Close()
	for n := 1; ; n++ {
		select {
		case <-r.stop:
			r.given <- n - 1
			return
		default:
		}
		for int64(n)-r.got.Load() > ahead { // those that are read have to be done at the end
			time.Sleep(time.Millisecond)
		}
		if _, err := in.Write(strconv.AppendInt(nil, int64(n), 10)); err != nil {
			r.given <- n - 1
			return
		}
		_, _ = in.Write([]byte{'\n'})
	}
}

// work is what decent workers run: it echoes lines, one in 5 ms.
func work() error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		time.Sleep(5 * time.Millisecond)
		if _, err := fmt.Println(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// check reads results: each number has to come once.
func (r *run) check(out io.Reader) {
	seen := map[int]bool{}
	var fault error
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.got.Add(1)
		n, err := strconv.Atoi(lines.Text())
		if (err != nil || seen[n]) && fault == nil {
			fault = fmt.Errorf("%q is no result, or came twice", lines.Text())
		}
		seen[n] = true
	}
	if n := <-r.given; fault == nil && len(seen) != n {
		fault = fmt.Errorf("%d jobs have %d results", n, len(seen))
	}
	r.fault <- fault
}

// end lets the run finish, and says what was wrong with it.
func (r *run) end() error {
	defer os.RemoveAll(r.dir)
	close(r.stop)
	late := time.AfterFunc(time.Minute, func() { _ = r.coordinator.Process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	fault := <-r.fault
	err := r.coordinator.Wait()
	for _, w := range r.workers {
		if werr := w.Wait(); err == nil {
			err = werr
		}
	}
	if fault == nil && err != nil {
		log, _ := os.ReadFile(filepath.Join(r.dir, "log"))
		fault = fmt.Errorf("%w:\n%s", err, log[max(0, len(log)-2000):])
	}
	return fault
}

// lines is how many lines the coordinator has written to stderr.
func (r *run) lines() int {
	log, _ := os.ReadFile(filepath.Join(r.dir, "log"))
	return bytes.Count(log, []byte{'\n'})
}

// memory is how much the coordinator has had at most.
func (r *run) memory() (n int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.coordinator.Process.Pid))
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ = strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return n << 10
}

// cpu is how long the coordinator has computed.
func (r *run) cpu() time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.coordinator.Process.Pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 everywhere
}
