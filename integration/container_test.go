package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestFirstProcess: as the first process of a container a worker is the parent of all
// that its jobs leave behind. None of that stays; a TERM is heeded as anywhere else.
func TestFirstProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("containers are Linux's")
	}
	require(t, "root", "unshare", "setsid")
	p := newPlace(t)
	contained := "unshare --pid --fork --kill-child --mount-proc "
	p.write("leaves", "(setsid sleep 0.1 &)\nread -r job\necho \"$job\"\n")
	p.write("jobs", strings.Repeat("job\n", 40))
	c := p.start("coordinator", "jobpipe -q -l unix:sock <-")
	w := p.start("worker", contained+"jobpipe-worker -c unix:sock -j 2 -- sh leaves")
	if _, err := c.feed.WriteString(p.read("jobs")); err != nil {
		t.Fatal(err)
	}
	if !eventually(p.processes, func() bool { n, _ := countLines(p.abs("coordinator.out")); return n == 40 }) {
		t.Fatalf("not all is done\n%s", tell(p.processes))
	}
	first := childrenOf(w.cmd.Process.Pid)
	if len(first) != 1 {
		t.Fatalf("the container has %d first processes", len(first))
	}
	if !eventually(p.processes, func() bool { return len(childrenOf(first[0])) == 1 }) {
		t.Errorf("these are left: %s", namesOf(childrenOf(first[0])))
	}
	if err := syscall.Kill(first[0], syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.finish(w, 128+int(syscall.SIGTERM))
	if text := p.read("worker.err"); !strings.Contains(text, "finishing the jobs that run") {
		t.Errorf("it says %q", text)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.finish(c, 0)

	// Its status, its stdin and stdout are those of the program.
	p.finish(p.start("fails", contained+"jobpipe -k -j 1 -- sh -c exit\t3 <jobs"), 1)
	p.finish(p.start("works", contained+"jobpipe -k -j 2 -- tr a-z A-Z <jobs"), 0)
	if got := p.read("works.out"); got != strings.Repeat("JOB\n", 40) {
		t.Errorf("it prints %q", got)
	}
}

// childrenOf are the processes that have this parent, zombies among them.
func childrenOf(parent int) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if statOf(pid).parent == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

func namesOf(pids []int) string {
	var list []string
	for _, pid := range pids {
		s := statOf(pid)
		list = append(list, fmt.Sprintf("%d %s %s", pid, s.name, s.state))
	}
	return strings.Join(list, ", ")
}

// A stat is what proc(5) tells about a process that may have ended.
type stat struct {
	name, state string
	parent      int
}

func statOf(pid int) (s stat) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s
	}
	_, rest, _ := strings.Cut(string(text), "(")
	at := strings.LastIndexByte(rest, ')')
	if at < 0 {
		return s
	}
	s.name = rest[:at]
	_, _ = fmt.Sscan(rest[at+1:], &s.state, &s.parent)
	return s
}
