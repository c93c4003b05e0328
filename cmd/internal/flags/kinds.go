// Package flags has the kinds of values that flags take: sizes, times, numbers
// and files, as people write them. A kind refuses what makes no sense for any
// flag of that kind, and its error says what would do; what makes no sense for
// one flag, or together with another, is for the command to find.
//
// Kinds are encoding.TextUnmarshalers, so that kong fills them from arguments,
// from variables and from defaults alike.
package flags

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// A Size is a number of bytes, at least 1: 1000, 64KiB, 256MB.
type Size int64

func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	switch {
	case err != nil || n > math.MaxInt64:
		return fmt.Errorf("%q is no size; write it like 64KiB or 256MB", text)
	case n == 0:
		return fmt.Errorf("%q is too small; at least one byte is needed", text)
	}
	*s = Size(n)
	return nil
}

func (s Size) String() string { return humanize.IBytes(uint64(s)) }

// A Duration is a time of 0 or more: 300ms, 15s, 1h.
type Duration time.Duration

func (d *Duration) UnmarshalText(text []byte) error {
	t, err := time.ParseDuration(string(text))
	switch {
	case err != nil:
		if _, err := time.ParseDuration(string(text) + "s"); err == nil {
			return fmt.Errorf("%q has no unit; write %ss for seconds", text, text)
		}
		return fmt.Errorf("%q is no time; write it like 300ms, 15s or 1h", text)
	case t < 0:
		return fmt.Errorf("%q is less than nothing", text)
	}
	*d = Duration(t)
	return nil
}

func (d Duration) String() string { return time.Duration(d).String() }

// A Count is a number of 0 or more.
type Count int

// mostCount is beyond anything that is counted.
const mostCount = 1_000_000_000

func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 || n > mostCount {
		return fmt.Errorf("%q is no number from 0 to %d", text, mostCount)
	}
	*c = Count(n)
	return nil
}

// A Rate is so many a second, more than none: 10/s, 0.5/s, and also 10.
type Rate float64

const (
	leastRate = 0.00001 // about one a day
	mostRate  = 1e9
)

func (r *Rate) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "/s"), 64)
	switch {
	case err != nil || n < 0 || math.IsNaN(n):
		return fmt.Errorf("%q is no rate; write it like 10/s or 0.5/s", text)
	case n == 0:
		return fmt.Errorf("at %s nothing would ever run; leave it out for no limit", text)
	case n < leastRate || n > mostRate:
		return fmt.Errorf("%s is out of reason; write 0.00001/s to 1000000000/s", text)
	}
	*r = Rate(n)
	return nil
}

// A Load is how many processes run or wait to, more than none: a number, or a
// percentage of the processors of the machine.
type Load float64

func (l *Load) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || n < 0 || math.IsNaN(n) || math.IsInf(n, 0):
		return fmt.Errorf("%q is no load; write it like 8, 1.5, or 100%% of the processors", text)
	case n == 0:
		return fmt.Errorf("at a load of %s nothing would ever run; write more", text)
	case percent:
		n *= float64(processors()) / 100
	}
	*l = Load(n)
	return nil
}

// processors are those of the machine, since the load is that of the machine.
var processors = runtime.NumCPU

// A File is the name of a file.
type File string

func (f *File) UnmarshalText(text []byte) error {
	switch {
	case len(text) == 0:
		return errors.New("the name of the file is empty")
	case strings.ContainsRune(string(text), 0):
		return errors.New("the name of the file holds a NUL byte")
	}
	*f = File(text)
	return nil
}
