package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

var groups atomic.Int32

// memoryLimit VARIABLE SIZE makes a control group whose processes may have so many
// MiB in memory, and sets the variable to the file that takes their numbers.
func memoryLimit(ts *testscript.TestScript, args []string) {
	s := stageOf(ts)
	require(s.t, "root", "/sys/fs/cgroup")
	dir, limit, swap := "/sys/fs/cgroup", "memory.max", "memory.swap.max"
	if _, err := os.Stat(dir + "/memory/cgroup.procs"); err == nil { // version 1
		dir, limit, swap = dir+"/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"
	}
	dir = filepath.Join(dir, fmt.Sprintf("jobpipe-%d-%d", os.Getpid(), groups.Add(1)))
	ts.Check(os.Mkdir(dir, 0o755))
	ts.Defer(func() {
		// Processes that have ended may stay a moment longer.
		var err error
		if !eventually(nil, func() bool { err = os.Remove(dir); return err == nil }) {
			s.t.Errorf("a control group is left behind: %v", err)
		}
	})
	bytes := args[1] + "M"
	ts.Check(os.WriteFile(filepath.Join(dir, limit), []byte(bytes), 0o644))
	if _, err := os.Stat(filepath.Join(dir, swap)); err == nil {
		if swap == "memory.swap.max" {
			bytes = "0"
		}
		ts.Check(os.WriteFile(filepath.Join(dir, swap), []byte(bytes), 0o644))
	}
	ts.Setenv(args[0], filepath.Join(dir, "cgroup.procs"))
}
