package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A stage is where one situation is played: a directory of its own, and the
// processes in it.
type stage struct {
	dir                 string
	coordinator, worker int64 // bytes each has had in memory at most
	mu                  sync.Mutex
}

func newStage(ctx context.Context) (*stage, error) {
	dir, err := os.MkdirTemp("", "jobpipe-memory-")
	if err != nil {
		return nil, err
	}
	s := &stage{dir: dir}
	key, err := exec.CommandContext(ctx, "bin/jobpipe", "--new-key").Output()
	if err == nil {
		err = os.WriteFile(s.path("key"), key, 0o600)
	}
	return s, err
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) close() { _ = os.RemoveAll(s.dir) }

// A process is one of ours, whose memory is watched.
type process struct {
	*exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

// start starts a program with what its memory is to be added to. Stdin and
// stdout may be nil.
func (s *stage) start(ctx context.Context, peak *int64, stdin io.Reader, stdout *os.File, argv ...string) (*process, error) {
	p := &process{Cmd: exec.CommandContext(ctx, filepath.Join("bin", argv[0]), argv[1:]...), ended: make(chan error, 1)}
	p.Env = append(os.Environ(), "TMPDIR="+s.dir, "JOBPIPE_KEY_FILE="+s.path("key"))
	p.Stdin, p.Stderr = stdin, &p.stderr
	if stdout != nil {
		p.Stdout = stdout
	}
	p.WaitDelay = time.Second
	if err := p.Start(); err != nil {
		return nil, err
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			n, ok := peakOf(p.Process.Pid)
			if !ok {
				return
			}
			s.mu.Lock()
			*peak = max(*peak, n)
			s.mu.Unlock()
			time.Sleep(10 * time.Millisecond)
		}
	}()
	go func() {
		err := p.Wait()
		<-watched
		if err != nil {
			err = fmt.Errorf("%s: %w: %s", argv[0], err, p.stderr.String())
		}
		p.ended <- err
	}()
	return p, nil
}

// peakOf is how many bytes a process has had in memory at most; a zombie has none.
func peakOf(pid int) (int64, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, rest, found := strings.Cut(string(status), "\nVmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	return kib << 10, found && err == nil
}

// coordinate starts a coordinator, and returns where it listens and the reading
// end of its stdout.
func (s *stage) coordinate(ctx context.Context, l load, stdin io.Reader, flags ...string) (p *process, addr string, results *os.File, err error) {
	results, stdout, err := os.Pipe()
	if err != nil {
		return nil, "", nil, err
	}
	defer stdout.Close()
	argv := append([]string{"jobpipe", "--buffer", strconv.FormatInt(l.buffer, 10), "-l", "127.0.0.1:0", "--listen-file", s.path("address")}, flags...)
	if p, err = s.start(ctx, &s.coordinator, stdin, stdout, argv...); err != nil {
		return nil, "", nil, err
	}
	for {
		if text, err := os.ReadFile(s.path("address")); err == nil {
			return p, strings.TrimSpace(string(text)), results, nil
		}
		select {
		case err := <-p.ended:
			return nil, "", nil, errors.Join(err, errors.New("it did not listen"))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// work starts a worker.
func (s *stage) work(ctx context.Context, addr string, argv ...string) (*process, error) {
	return s.start(ctx, &s.worker, nil, nil, append([]string{"jobpipe-worker", "-c", addr}, argv...)...)
}

// spilled is how many bytes of files without a name a process has open.
func (p *process) spilled() (n int64) {
	dir := fmt.Sprintf("/proc/%d/fd", p.Process.Pid)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if where, err := os.Readlink(name); err != nil || !strings.HasSuffix(where, " (deleted)") {
			continue
		}
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}
