package command

import "syscall"

// start starts the process. Its error is the bare errno.
func (f *Filter) start() (*process, error) {
	var in, out, errs [2]int
	opened := make([]int, 0, 6)
	fail := func(err error) (*process, error) {
		for _, fd := range opened {
			_ = syscall.Close(fd)
		}
		return nil, err
	}
	for _, p := range [...]*[2]int{&in, &out, &errs} {
		if err := pipe(p); err != nil {
			return fail(err)
		}
		opened = append(opened, p[0], p[1])
	}
	for _, fd := range []int{in[1], out[0], errs[0]} {
		if err := syscall.SetNonblock(fd, true); err != nil {
			return fail(err)
		}
	}
	widen(in[1])
	widen(out[0])

	p := &process{slot: f.slot, in: in[1], out: out[0], err: errs[0]}
	argv := f.slot.c.argv
	files := []uintptr{uintptr(in[0]), uintptr(out[1]), uintptr(errs[1])}
	err := p.fork(f.slot.c.path, argv, files)
	if err == syscall.ENOEXEC {
		err = p.fork("/bin/sh", append([]string{"/bin/sh", f.slot.c.path}, argv[1:]...), files)
	}
	if err != nil {
		return fail(err)
	}
	for _, fd := range []int{in[0], out[1], errs[1]} {
		_ = syscall.Close(fd)
	}
	if n := f.slot.c.opt.Nice; n != 0 {
		p.renice(n)
	}
	return p, nil
}
