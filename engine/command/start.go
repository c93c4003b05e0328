package command

import (
	"os"
	"sync"
	"syscall"
)

// none is in the place of a descriptor that is closed. poll(2) passes over it.
const none = -1

// devNull is stdin of jobs whose record is in the arguments.
var devNull = sync.OnceValues(func() (*os.File, error) { return os.Open(os.DevNull) })

// start starts a process. Its error is the bare errno. A record that fits the
// pipe is in it before the process is there.
func (s *Slot) start(argv []string, stdin []byte) (*process, error) {
	var in, out, errs [2]int
	opened := make([]int, 0, 6)
	fail := func(err error) (*process, error) {
		for _, fd := range opened {
			_ = syscall.Close(fd)
		}
		return nil, err
	}
	for _, p := range [...]*[2]int{&out, &errs} {
		if err := pipe(p); err != nil {
			return fail(err)
		}
		opened = append(opened, p[0], p[1])
	}
	if s.c.inArgs {
		null, err := devNull()
		if err != nil {
			return fail(syscall.EMFILE)
		}
		in = [2]int{int(null.Fd()), none}
	} else {
		if err := pipe(&in); err != nil {
			return fail(err)
		}
		opened = append(opened, in[0], in[1])
	}

	p := &process{slot: s, out: out[0], err: errs[0], in: in[1], record: stdin}
	if p.in != none {
		// A record that does not fit must not hold us: nobody reads it yet.
		if err := syscall.SetNonblock(p.in, true); err != nil {
			return fail(err)
		}
		p.feed()
		if p.in == none {
			opened = opened[:len(opened)-1]
		}
	}
	if err := p.launch(argv, in[0], out[1], errs[1]); err != nil {
		return fail(err)
	}
	if !s.c.inArgs {
		_ = syscall.Close(in[0])
	}
	_ = syscall.Close(out[1])
	_ = syscall.Close(errs[1])
	return p, nil
}

// launch starts the command with the descriptors it is to have. As execvp does,
// it has a program of no format that the system knows run by the shell.
func (p *process) launch(argv []string, stdin, stdout, stderr int) error {
	c := p.slot.c
	files := []uintptr{uintptr(stdin), uintptr(stdout), uintptr(stderr)}
	err := p.fork(c.path, argv, files)
	if err == syscall.ENOEXEC {
		err = p.fork("/bin/sh", append([]string{"/bin/sh", c.path}, argv[1:]...), files)
	}
	if err == nil && c.opt.Nice != 0 {
		p.renice(c.opt.Nice)
	}
	return err
}

// fork starts path in a session of its own, and watches it.
func (p *process) fork(path string, argv []string, files []uintptr) (err error) {
	p.exit = none
	attr := syscall.ProcAttr{Env: p.slot.env, Files: files, Sys: p.attributes()}
	guard := &p.slot.c.guard
	guard.ready() // now: until the group is in its table nobody ends it for us
	if p.pid, err = syscall.ForkExec(path, argv, &attr); err == nil {
		p.line = guard.add(p.pid)
		p.watch()
	}
	return err
}

// renice adds n to the niceness of the process and of what it has started.
// Where the system refuses, the job runs as it is.
func (p *process) renice(n int) {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, p.pid, ownNiceness()+n)
}
