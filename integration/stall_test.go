package integration

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// positionOf is how far a process has read its stdin, which is a file.
func positionOf(pid int) (int64, error) {
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/0", pid))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(info), "\n")
	return strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(first, "pos:")), 10, 64)
}

// stalled takes a process for stalled that reads nothing for a second. Should it
// go on after that it was slow, and has read little for another reason.
func stalled(ts *testscript.TestScript, args []string) {
	p := stageOf(ts).process(ts, args[0])
	most, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	var at int64
	var since time.Time
	if !eventually([]*process{p}, func() bool {
		now, err := positionOf(p.cmd.Process.Pid)
		ts.Check(err)
		if now != at || since.IsZero() {
			at, since = now, time.Now()
		}
		return at > 0 && time.Since(since) > time.Second
	}) {
		ts.Fatalf("%s goes on reading", p.name)
	}
	ts.Logf("%s has read %d KiB", p.name, at>>10)
	if at > most<<20 {
		ts.Fatalf("%s has read %d MiB, more than %d", p.name, at>>20, most)
	}
}
