// Package machine tells when this machine has too much to do to begin more. It
// reads what the system says of itself, and keeps nothing.
package machine

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// Limits are beyond what the machine is to be left alone.
type Limits struct {
	Load float64 // the most processes that run or wait to, over the last minute; 0: no limit
	Free int64   // the least bytes of memory that programs can have; 0: no limit
}

// Check finds limits that cannot be kept, or that nothing would ever satisfy.
func (l Limits) Check() error {
	if l.Load > 0 {
		if _, err := load(); err != nil {
			return fmt.Errorf("--load: %w", err)
		}
	}
	if l.Free == 0 {
		return nil
	}
	m, err := readMemory()
	switch {
	case err != nil:
		return fmt.Errorf("--memfree: %w", err)
	case l.Free >= m.total:
		return fmt.Errorf("--memfree %s: this machine has only %s, and nothing would ever run; write less", size(l.Free), size(m.total))
	}
	return nil
}

// Exceeded says which limit is exceeded now, and is empty when none is.
func (l Limits) Exceeded() string {
	if l.Load > 0 {
		now, err := load()
		if err != nil {
			return err.Error()
		}
		if why := l.byLoad(now); why != "" {
			return why
		}
	}
	if l.Free > 0 {
		m, err := readMemory()
		if err != nil {
			return err.Error()
		}
		return l.byMemory(m)
	}
	return ""
}

func (l Limits) byLoad(now float64) string {
	if now <= l.Load {
		return ""
	}
	return fmt.Sprintf("the load is %.2f, above %.4g", now, l.Load)
}

func (l Limits) byMemory(m memory) string {
	if m.available >= l.Free {
		return ""
	}
	return fmt.Sprintf("%s of memory are free, less than %s", size(m.available), size(l.Free))
}

// memory is that of the machine, in bytes.
type memory struct {
	total     int64
	available int64 // for programs, without that others are swapped out
}

func size(n int64) string { return humanize.IBytes(uint64(n)) }
