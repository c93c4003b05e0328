// Package halt decides when a run ends before its input does, as --halt of GNU
// parallel says it. It is pure.
package halt

import (
	"fmt"
	"strconv"
	"strings"
)

// A Tally is how far a run is.
type Tally struct {
	Done, Failed int64 // settled jobs, and of those the failed ones
	Read         int64 // jobs of the input
	Ended        bool  // Read is all there is
}

// A kind is which settled jobs count.
type kind uint8

const (
	never kind = iota
	fail
	success
	done
)

// A When is when a run ends early. The zero value is never.
type When struct {
	text    string
	now     bool
	what    kind
	number  int64
	percent bool
}

// short is what GNU parallel takes for more than it says.
var short = map[string]string{
	"0": "never", "1": "soon,fail=1", "2": "now,fail=1", "-1": "soon,success=1", "-2": "now,success=1",
}

// UnmarshalText takes never, or soon or now with what has to happen: fail=1,
// success=3, done=10%.
func (w *When) UnmarshalText(text []byte) error {
	said := string(text)
	long := said
	if s, ok := short[said]; ok {
		long = s
	} else if strings.HasSuffix(said, "%") && !strings.Contains(said, ",") {
		long = "soon,fail=" + said
	}
	if long == "never" {
		*w = When{}
		return nil
	}
	when, why, _ := strings.Cut(long, ",")
	what, number, given := strings.Cut(why, "=")
	number, percent := strings.CutSuffix(number, "%")
	n, err := strconv.ParseInt(number, 10, 64)
	kinds := map[string]kind{"fail": fail, "success": success, "done": done}
	switch {
	case when != "soon" && when != "now", kinds[what] == never, !given, err != nil:
		return fmt.Errorf("%q is no time to halt; write never, or soon or now with fail, success or done: now,fail=1 or soon,done=10%%", said)
	case n < 1 || percent && n > 100:
		return fmt.Errorf("%q: the number is out of range; write at least 1, and at most 100%%", said)
	}
	*w = When{long, when == "now", kinds[what], n, percent}
	return nil
}

func (w When) String() string {
	if w.what == never {
		return "never"
	}
	return w.text
}

// Now reports whether jobs that run are ended too.
func (w When) Now() bool { return w.now }

// Reached reports whether the run is to end. A percentage is one of all jobs,
// so it has no meaning before their number is known.
func (w When) Reached(t Tally) bool {
	counts := [...]int64{fail: t.Failed, success: t.Done - t.Failed, done: t.Done}
	n := counts[w.what]
	switch {
	case w.what == never || n == 0:
		return false
	case w.percent:
		return t.Ended && n*100 >= w.number*t.Read
	}
	return n >= w.number
}
