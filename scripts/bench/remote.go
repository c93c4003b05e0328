package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// remote is jobpipe over TCP loopback with two workers of one slot each. Its
// run takes in all of it, from starting the coordinator to its exit.
type remote struct {
	flags []string // of the coordinator; KEY is the file with the key
	work  []string // of the workers
	dir   string

	// Where it is not loopback: the coordinator's address, and what is put
	// before the coordinator's command line and before the workers'.
	host        string
	here, there command
}

func newRemote(flags, work string) *remote {
	return &remote{flags: strings.Fields(flags), work: strings.Fields(work), host: "127.0.0.1"}
}

func (r *remote) String() string {
	return "jobpipe " + strings.Join(r.flags, " ") + ", 2 workers " + strings.Join(r.work, " ")
}

// start makes the directory for the key and the address.
func (r *remote) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "jobpipe-bench-")
	if err != nil {
		return err
	}
	r.dir = dir
	key, err := os.OpenFile(r.file("key"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer key.Close()
	return words("jobpipe --new-key").run(ctx, nil, key)
}

func (r *remote) stop() { os.RemoveAll(r.dir) }

func (r *remote) file(name string) string { return filepath.Join(r.dir, name) }

func (r *remote) run(ctx context.Context, stdin, stdout *os.File) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	coordinator := append(words("jobpipe -q -l "+r.host+":0 --listen-file"), r.file("address"))
	worker := words("jobpipe-worker -q -j1")
	for _, flag := range r.flags {
		flag = strings.ReplaceAll(flag, "KEY", r.file("key"))
		coordinator = append(coordinator, flag)
		if flag != "-k" {
			worker = append(worker, flag)
		}
	}
	main, err := coordinator.behind(r.here).launch(ctx, stdin, stdout)
	if err != nil {
		return err
	}
	processes := []*process{main}
	address, err := r.address(ctx)
	for range 2 {
		if err != nil {
			break
		}
		var w *process
		if w, err = append(append(worker, "-c", address), r.work...).behind(r.there).launch(ctx, nil, nil); err == nil {
			processes = append(processes, w)
		}
	}
	if err != nil {
		cancel()
	}
	for _, p := range processes {
		err = errors.Join(err, p.wait())
	}
	return err
}

// address waits for the coordinator to say where it listens.
func (r *remote) address(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if said, err := os.ReadFile(r.file("address")); err == nil && strings.HasSuffix(string(said), "\n") {
			return strings.TrimSpace(string(said)), nil
		}
		time.Sleep(time.Millisecond)
	}
	return "", errors.New("jobpipe does not listen")
}
