package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// A run is one coordinator, its workers, and a link for each.
type run struct {
	ctx   context.Context
	bin   string // where the programs are
	dir   string // for sockets and traces
	works []int  // the time that a job takes on each worker, in ms of the study
	jobs  int
}

// A coordinator gives the jobs of a run to workers that connect to the socket
// "coordinator" in its directory, and writes results and a trace there.
type coordinator struct {
	name  string
	begin func(r *run, jobs []string) (wait func() error, err error)
}

var (
	blocking    = coordinator{"blocking", (*run).beginBlocking}
	nonBlocking = coordinator{"jobpipe", (*run).beginJobpipe}
)

func (r *run) socket() string    { return filepath.Join(r.dir, "coordinator") }
func (r *run) traceFile() string { return filepath.Join(r.dir, "trace") }
func (r *run) results() string   { return filepath.Join(r.dir, "results") }

// name is what a worker is called: which one it is, and what a job takes it.
func (r *run) name(i int) string { return fmt.Sprintf("%d:%dms", i+1, r.works[i]) }

// trace makes the run, and returns the file with its trace and that of the links.
func (r *run) trace(c coordinator) (merged string, err error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	r.ctx = ctx
	jobs := make([]string, r.jobs)
	for i := range jobs {
		jobs[i] = fmt.Sprintf("job %d\n", i+1)
	}
	wait, err := c.begin(r, jobs)
	if err != nil {
		return "", err
	}
	var links []*link
	var workers []*exec.Cmd
	for i := range r.works {
		k, w, err := r.worker(i)
		if err != nil {
			return "", err
		}
		links, workers = append(links, k), append(workers, w)
	}
	err = wait()
	for i, w := range workers {
		if werr := w.Wait(); err == nil && werr != nil {
			err = fmt.Errorf("worker %s: %w", r.name(i), werr)
		}
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(r.dir, "merged"), r.merge(links)
}

// worker starts a worker behind a link.
func (r *run) worker(i int) (*link, *exec.Cmd, error) {
	near := filepath.Join(r.dir, fmt.Sprint("link", i))
	l, err := net.Listen("unix", near)
	if err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	k := &link{worker: r.name(i)}
	go func() {
		k.serve(l, r.socket())
		l.Close()
	}()
	cmd := exec.CommandContext(r.ctx, filepath.Join(r.bin, "jobpipe-worker"), "-c", "unix:"+near, "-j", "1",
		"--name", k.worker, "--lines", "--", self, "process", (time.Duration(r.works[i]) * unit).String())
	cmd.Stderr = os.Stderr
	return k, cmd, cmd.Start()
}

func (r *run) beginBlocking(jobs []string) (wait func() error, err error) {
	l, err := net.Listen("unix", r.socket())
	if err != nil {
		return nil, err
	}
	context.AfterFunc(r.ctx, func() { l.Close() })
	out, err := os.Create(r.traceFile())
	if err != nil {
		return nil, err
	}
	results, err := os.Create(r.results())
	if err != nil {
		return nil, err
	}
	file := trace.NewFile(out, func(error) {})
	t := newTracer(file)
	ended := make(chan error, 1)
	go func() { ended <- serve(l, len(r.works), jobs, results, t) }()
	return func() error {
		err := <-ended
		_, terr := file.Close()
		return errors.Join(err, terr, out.Close(), results.Close())
	}, nil
}

func (r *run) beginJobpipe(jobs []string) (wait func() error, err error) {
	listening := r.socket() + ".addr"
	cmd := exec.CommandContext(r.ctx, filepath.Join(r.bin, "jobpipe"), "-v", "-l", "unix:"+r.socket(),
		"--listen-file", listening, "--trace", r.traceFile(), "-o", r.results())
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for _, err := os.Stat(listening); err != nil; _, err = os.Stat(listening) {
		if r.ctx.Err() != nil {
			return nil, r.ctx.Err()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return func() error {
		// The jobs come when all workers are there.
		joined := 0
		var text strings.Builder
		for lines := bufio.NewScanner(said); lines.Scan(); {
			text.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), `msg="worker joined"`) {
				if joined++; joined == len(r.works) {
					if _, err := io.WriteString(in, strings.Join(jobs, "")); err != nil {
						return err
					}
					in.Close()
				}
			}
		}
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("jobpipe: %w; it said:\n%s", err, &text)
		}
		return nil
	}, nil
}

// merge adds what the links carried to the trace.
func (r *run) merge(links []*link) error {
	in, err := os.Open(r.traceFile())
	if err != nil {
		return err
	}
	defer in.Close()
	out := []byte("[\n")
	var began time.Time
	process := map[string]uint64{}
	for e, err := range trace.Read(bufio.NewReader(in)) {
		if err != nil {
			return err
		}
		if e.Name == trace.Began {
			if began, err = time.Parse(time.RFC3339Nano, e.Args.Name); err != nil {
				return err
			}
		}
		if e.Name == "process_name" {
			name, _, _ := strings.Cut(e.Args.Name, " ")
			process[name] = e.Process
		}
		out = trace.Append(out, &e)
	}
	for _, k := range links {
		for _, e := range k.events(began, process[k.worker]) {
			out = trace.Append(out, &e)
		}
	}
	return os.WriteFile(filepath.Join(r.dir, "merged"), out, 0o600)
}
