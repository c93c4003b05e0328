package integration

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// peakOf is how many bytes a process has had in memory at most.
func peakOf(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(status), "\nVmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil {
		return 0, fmt.Errorf("no VmHWM of process %d", pid)
	}
	if *raced {
		kib /= 16 // what the detector adds hides all but leaps
	}
	return kib << 10, nil
}

func descriptors(ts *testscript.TestScript, args []string) {
	p, file := stageOf(ts).process(ts, args[0]), ts.MkAbs(args[1])
	count := func() int { return len(must(os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)))) }
	noted, err := os.ReadFile(file)
	if err != nil {
		ts.Check(os.WriteFile(file, []byte(strconv.Itoa(count())), 0o644))
		return
	}
	most := must(strconv.Atoi(string(noted)))
	if !eventually([]*process{p}, func() bool { return count() <= most }) {
		ts.Fatalf("%s has %d descriptors open, and had %d", args[0], count(), most)
	}
}
