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
	if err := p.launch(f.slot.c.argv, in[0], out[1], errs[1]); err != nil {
		return fail(err)
	}
	for _, fd := range []int{in[0], out[1], errs[1]} {
		_ = syscall.Close(fd)
	}
	return p, nil
}
