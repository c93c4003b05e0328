package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var errNotInstalled = errors.New("not installed")

// A command is a filter that is a program.
type command []string

// words makes a command of a line without quotes.
func words(line string) command { return strings.Fields(line) }

func (c command) String() string              { return strings.Join(c, " ") }
func (c command) start(context.Context) error { return nil }
func (c command) stop()                       {}

func (c command) run(ctx context.Context, stdin, stdout *os.File) error {
	p, err := c.launch(ctx, stdin, stdout)
	if err != nil {
		return err
	}
	return p.wait()
}

// process is a command that runs.
type process struct {
	*exec.Cmd
	stderr bytes.Buffer
}

// launch starts the command, which is killed when ctx ends.
func (c command) launch(ctx context.Context, stdin, stdout *os.File) (*process, error) {
	program, err := find(c[0])
	if err != nil {
		return nil, err
	}
	p := &process{Cmd: exec.CommandContext(ctx, program, c[1:]...)}
	p.Env, p.Stderr = environment(), &p.stderr
	if stdin != nil { // a nil *os.File is not a nil io.Reader
		p.Stdin = stdin
	}
	if stdout != nil {
		p.Stdout = stdout
	}
	return p, p.Start()
}

// wait waits for the process to end, with status 0.
func (p *process) wait() error {
	err := p.Wait()
	if err == nil {
		return nil
	}
	said, _, _ := strings.Cut(p.stderr.String(), "\n")
	return fmt.Errorf("%s: %w: %s", filepath.Base(p.Path), err, said)
}

// behind returns the command as one that another, such as ip netns exec, runs.
func (c command) behind(other command) command {
	if program, err := find(c[0]); err == nil && len(other) > 0 {
		return slices.Concat(other, command{program}, c[1:])
	}
	return c
}

// find looks a program up: ours where make puts them, others on the path or
// where scripts/setup-bench puts them.
func find(name string) (string, error) {
	if strings.HasPrefix(name, "jobpipe") {
		return filepath.Abs(filepath.Join("bin", name))
	}
	if built := filepath.Join("bin", "peers", name); exists(built) {
		return filepath.Abs(built)
	}
	// Debian has an unrelated program of the name rush: a shell.
	if path, err := exec.LookPath(name); err == nil && name != "rush" {
		return path, nil
	}
	if path := filepath.Join("/usr/sbin", name); exists(path) { // not on everybody's path
		return path, nil
	}
	return "", errNotInstalled
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// environment is ours without settings of jobpipe.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "JOBPIPE_") {
			env = append(env, v)
		}
	}
	return env
}
