package flags

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/jobpipe/jobpipe/codec"
)

// Slots is how many jobs run at a time, at least 1: a number, or a percentage
// of the CPUs.
type Slots int

func (s *Slots) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseUint(number, 10, 31)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no number of jobs; write it like 4, or 50%% of the CPUs", text)
	case n == 0:
		return fmt.Errorf("with %s nothing would run; write at least 1", text)
	case percent:
		n = max(1, n*uint64(cpus())/100)
	}
	if n > codec.MaxSlots {
		return fmt.Errorf("%s are too many; at most %d can run at a time, and with more workers more", text, codec.MaxSlots)
	}
	*s = Slots(n)
	return nil
}

// cpus is how many CPUs we may use: also a container's limit counts.
var cpus = func() int { return runtime.GOMAXPROCS(0) }
