package engine

import (
	"fmt"
	"os"
)

// beginFiles replaces what is in the files of the run. By now nobody is in its way: a
// run that the user has begun twice, which finds the journal or the port taken, leaves
// the files of the other as they are.
func (r *Run) beginFiles() error {
	if r.opt.Joblog != nil {
		if err := r.openJoblog(); err != nil {
			return err
		}
	}
	for _, f := range r.opt.Anew {
		if err := empty(f); err != nil {
			return fmt.Errorf("cannot empty %s: %w", f.Name(), reason(err))
		}
	}
	return nil
}

// empty makes a file what O_TRUNC would have made it.
func empty(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return f.Truncate(0)
}
