package engine

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/jobpipe/jobpipe/engine/render"
)

// openJoblog gives the joblog its header, or goes on with the one of a run that
// goes on. Half a line at its end is one that was being written when that was
// killed; since the result comes after the line, the job runs again, and has
// another.
func (r *Run) openJoblog() error {
	f := r.opt.Joblog
	if err := startJoblog(f, r.journal != nil && r.journal.Resumed()); err != nil {
		return fmt.Errorf("--joblog: cannot write to %s: %w", f.Name(), reason(err))
	}
	return nil
}

func startJoblog(f *os.File, goOn bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := int64(0)
	if info.Mode().IsRegular() {
		if goOn {
			if end, err = lastLine(f.Name(), info.Size()); err != nil {
				return err
			}
		}
		if err := f.Truncate(end); err != nil {
			return err
		}
		if _, err := f.Seek(end, io.SeekStart); err != nil {
			return err
		}
	}
	if end == 0 {
		_, err = f.WriteString(render.JoblogHeader)
	}
	return err
}

// lastLine is where the last whole line of a file of that size ends.
func lastLine(path string, size int64) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 64<<10)
	for size > 0 {
		n := min(size, int64(len(buf)))
		if _, err := f.ReadAt(buf[:n], size-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}
