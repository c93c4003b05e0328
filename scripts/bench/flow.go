package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// A filter reads jobs from stdin and writes their answers to stdout.
type filter interface {
	String() string
	start(context.Context) error
	stop()
	run(ctx context.Context, stdin, stdout *os.File) error
}

// output is what a filter prints of its input.
type output int

const (
	sameBytes output = iota // the input
	sameLines               // its lines, in any order
	nothing                 // xargs cannot put a job on stdin: cat finds it empty
)

// A flow is a side that sends an input through a filter.
type flow struct {
	filter
	input  *input
	prints output
}

func (f *flow) jobs() int { return f.input.lines }

func (f *flow) start(ctx context.Context) error {
	if err := f.input.write(); err != nil {
		return err
	}
	return f.filter.start(ctx)
}

// rate runs the filter with its output thrown away.
func (f *flow) rate(ctx context.Context) (float64, error) {
	stdout, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer stdout.Close()
	begin := time.Now()
	err = f.fed(ctx, stdout)
	return float64(f.input.lines) / time.Since(begin).Seconds(), err
}

// check compares what the filter prints with what it should.
func (f *flow) check(ctx context.Context) error {
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
	err = f.fed(ctx, w)
	w.Close()
	if readErr := <-read; err == nil {
		err = readErr
	}
	if err != nil {
		return err
	}
	want := f.input.is
	switch f.prints {
	case nothing:
		want = digest{}
	case sameLines:
		want.whole, got.whole = 0, 0
	}
	if got != want {
		return fmt.Errorf("wrong output: %d lines for %d jobs", got.lines, f.input.lines)
	}
	return nil
}

// fed runs the filter on its input.
func (f *flow) fed(ctx context.Context, stdout *os.File) error {
	stdin, err := os.Open(f.input.path)
	if err != nil {
		return err
	}
	defer stdin.Close()
	return f.run(ctx, stdin, stdout)
}
