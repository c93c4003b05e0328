package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var errNotInstalled = errors.New("not installed")

// time runs the side with its output thrown away, and returns how many seconds
// it took from start to exit.
func (s side) time(in *input) (float64, error) {
	begin := time.Now()
	err := s.run(in, nil)
	return time.Since(begin).Seconds(), err
}

// verify runs the side once and compares what it prints with what it should.
func (s side) verify(in *input) error {
	var got digest
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	read := make(chan error, 1)
	go func() {
		var err error
		got, err = digestOf(r)
		read <- err
	}()
	err = s.run(in, w)
	w.Close()
	if readErr := <-read; err == nil {
		err = readErr
	}
	if err != nil {
		return err
	}
	want := in.is
	switch s.print {
	case nothing:
		want = digest{}
	case sameLines:
		want.whole, got.whole = 0, 0
	}
	if got != want {
		return fmt.Errorf("%s: wrong output: %d lines for %d jobs", s, got.lines, in.is.lines)
	}
	return nil
}

// run runs the side's command on the input, to its end.
func (s side) run(in *input, stdout *os.File) error {
	program, err := find(s.argv[0])
	if err != nil {
		return err
	}
	stdin, err := os.Open(in.path)
	if err != nil {
		return err
	}
	defer stdin.Close()
	var stderr bytes.Buffer
	cmd := exec.Command(program, s.argv[1:]...)
	cmd.Stdin, cmd.Stderr, cmd.Env = stdin, &stderr, environment()
	if stdout != nil {
		cmd.Stdout = stdout // nil is /dev/null
	}
	if err := cmd.Run(); err != nil {
		said, _, _ := strings.Cut(stderr.String(), "\n")
		return fmt.Errorf("%s: %w: %s", s, err, said)
	}
	return nil
}

// find looks a program up: jobpipe where make puts it, others on the path or
// where scripts/setup-bench puts them.
func find(name string) (string, error) {
	if name == "jobpipe" {
		return filepath.Abs("bin/jobpipe")
	}
	if built := filepath.Join("bin", "peers", name); exists(built) {
		return filepath.Abs(built)
	}
	// Debian has an unrelated program of the name rush: a shell.
	if path, err := exec.LookPath(name); err == nil && name != "rush" {
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
