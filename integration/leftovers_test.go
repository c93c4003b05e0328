package integration

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// sweep ends what a test left running and returns what it should not have left
// behind: processes that it did not finish, descendants of those that it did,
// temporary files, files with addresses, sockets.
func sweep(dir string, processes []*process) (left []string) {
	for _, p := range processes {
		if p.running() {
			p.kill()
			left = append(left, fmt.Sprintf("%s still ran at the end of the test; its stderr:\n%s", p.name, p.stderr()))
		}
	}
	if pids := linger(dir); len(pids) > 0 {
		for _, pid := range pids {
			left = append(left, fmt.Sprintf("process left behind: %d %s", pid, commandLine(pid)))
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		name := filepath.Base(path)
		switch {
		case e.Type()&fs.ModeSocket != 0:
			left = append(left, "socket left behind: "+path)
		case filepath.Dir(path) == filepath.Join(dir, ".tmp"):
			left = append(left, "temporary file left behind: "+path)
		case name == "addr" || strings.HasPrefix(name, "addr-"):
			left = append(left, "file of --listen-file left behind: "+path)
		}
		return nil
	})
	return left
}

// linger returns the processes that a test left, once those that are about to
// end have had the time.
func linger(dir string) (pids []int) {
	for give := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if pids = descendants(dir); len(pids) == 0 || time.Now().After(give) {
			return pids
		}
	}
}

// descendants are the processes whose environment names the test's directory.
// It is inherited, so whatever they did to be forgotten, they are found.
func descendants(dir string) (pids []int) {
	mark := "\x00WORK=" + dir + "\x00"
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range all {
		env, err := os.ReadFile(file) // fails where the process has just gone
		if err != nil || !strings.Contains("\x00"+string(env), mark) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		pids = append(pids, pid)
	}
	return pids
}

func commandLine(pid int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(strings.TrimSuffix(string(line), "\x00"), "\x00", " ")
}

// waitGone waits until none of a script's processes has a command line like that.
func waitGone(ts *testscript.TestScript, args []string) {
	like, err := regexp.Compile(args[0])
	ts.Check(err)
	s, left := stageOf(ts), ""
	if !eventually(s.order, func() bool {
		left = ""
		for _, pid := range descendants(ts.Getenv("WORK")) {
			if line := commandLine(pid); like.MatchString(line) {
				left += line + "\n"
			}
		}
		return left == ""
	}) {
		ts.Fatalf("waited in vain for these to end:\n%s%s", left, tell(s.order))
	}
}
