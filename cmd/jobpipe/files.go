package main

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/flags"
)

// The files of a run. All of them are looked at and opened before it begins: a
// run of hours should not find out at its end that its results have no place.
type files struct {
	stdin, results        *os.File
	failed, joblog, trace *os.File   // nil: not asked for
	opened                []*os.File // by us
}

// openFiles checks stdin and stdout and opens the files that were named. What is in
// them stays: see anew.
func openFiles(v *invocation, stdin, stdout *os.File) (f files, err error) {
	if err := checkStdin(stdin); err != nil {
		return f, err
	}
	f = files{stdin: stdin, results: stdout}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if v.Output == "" {
		if err := checkStdout(stdout); err != nil {
			return f, err
		}
	} else if f.results, err = f.open("--output", v.Output); err != nil {
		return f, err
	}
	for _, o := range []struct {
		flag string
		name flags.File
		file **os.File
	}{{"--failed", v.Failed, &f.failed}, {"--joblog", v.Joblog, &f.joblog}, {"--trace", v.Trace, &f.trace}} {
		if o.name == "" {
			continue
		}
		if *o.file, err = f.open(o.flag, o.name); err != nil {
			return f, err
		}
	}
	if err := f.checkDifferent(v); err != nil {
		return f, err
	}
	return f, nil
}

// anew are the files of which the run replaces what is in them. Of the joblog, and of
// results with a journal, it finds out itself whether it does.
func (f *files) anew(journal bool) (anew []*os.File) {
	for _, o := range f.opened {
		if o != f.joblog && (o != f.results || !journal) {
			anew = append(anew, o)
		}
	}
	return anew
}

// close closes what was opened. Some network file systems only tell here what
// could not be written.
func (f *files) close() error {
	var failure error
	for _, o := range f.opened {
		if err := o.Close(); err != nil && o != f.trace { // the run is none the worse without it
			failure = fmt.Errorf("cannot write to %s: %w", o.Name(), cmdline.Cause(err))
		}
	}
	f.opened = nil
	return failure
}

func (f *files) open(flag string, name flags.File) (*os.File, error) {
	o, err := os.OpenFile(string(name), os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot write to %s: %w", flag, name, cmdline.Cause(err))
	}
	f.opened = append(f.opened, o)
	return o, nil
}

// checkDifferent finds files that are written over or read back by mistake.
func (f *files) checkDifferent(v *invocation) error {
	results := "stdout"
	if v.Output != "" {
		results = "--output"
	}
	listen, _ := os.Stat(string(v.ListenFile)) // nil where there is none yet
	journal, _ := os.Stat(string(v.Journal))
	ours := []struct {
		what string
		file *os.File
	}{{"stdin", f.stdin}, {results, f.results}, {"--failed", f.failed}, {"--joblog", f.joblog}, {"--trace", f.trace}}
	for i, o := range ours {
		for _, before := range ours[:i] {
			switch {
			case !same(before.file, o.file):
			case before.file == f.stdin:
				return fmt.Errorf("%s is the file that jobs are read from; choose another", o.what)
			default:
				return fmt.Errorf("%s and %s are the same file; choose another for one of them", o.what, before.what)
			}
		}
	}
	for _, o := range ours {
		if info := regular(o.file); info != nil && listen != nil && os.SameFile(info, listen) {
			return fmt.Errorf("--listen-file and %s are the same file; choose another for one of them", o.what)
		}
		if info := regular(o.file); info != nil && journal != nil && os.SameFile(info, journal) {
			return fmt.Errorf("--journal and %s are the same file; choose another for one of them", o.what)
		}
	}
	return nil
}

// same tells whether both are one regular file. Devices and pipes are no worse
// for being used twice.
func same(a, b *os.File) bool {
	x, y := regular(a), regular(b)
	return x != nil && y != nil && os.SameFile(x, y)
}

func regular(f *os.File) fs.FileInfo {
	if f == nil {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return info
}
