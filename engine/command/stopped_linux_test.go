package command

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stoppedVariable makes the test program the one that TestStoppedForLong stops: a
// slot with one job, of which the variable says how, and how long it may take.
const stoppedVariable = "JOBPIPE_TEST_STOPPED"

// The slot has the first thread, which has the number of the process, that a signal
// can be sent to the poll.
func init() {
	if os.Getenv(stoppedVariable) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	how, limit, is := strings.Cut(os.Getenv(stoppedVariable), " ")
	if !is {
		os.Exit(m.Run())
	}
	timeout, err := time.ParseDuration(limit)
	if err != nil {
		panic(err)
	}
	c, err := New([]string{"sh", "-c", "read -r x; echo $$ >pid; until test -e go; do sleep 0.01; done; echo done"}, Options{KillAfter: time.Minute})
	if err != nil {
		panic(err)
	}
	var r Result
	switch how {
	case "job":
		s, err := c.Slot(1)
		if err != nil {
			panic(err)
		}
		if r, err = s.Run(context.Background(), Job{Record: []byte("x\n"), Timeout: timeout}); err != nil {
			panic(err)
		}
	case "line":
		f, err := c.Filter(1)
		if err != nil {
			panic(err)
		}
		w := &mill{left: 1, block: []byte("123456789\n"), room: make([]byte, 100)}
		if r, err = f.Run(context.Background(), w, "run", timeout); err != nil {
			panic(err)
		}
	}
	fmt.Println("outcome", r.Outcome)
	os.Exit(0)
}

// Who is stopped while a job comes to its end in time, and goes on when its time is
// over, does not take it for one that ran too long; not even when the poll is ended
// by the SIGCHLD that it gets then.
func TestStoppedForLong(t *testing.T) {
	for _, how := range []string{"job", "line"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			for timeout := time.Second; ; timeout *= 2 {
				began := time.Now()
				dir, worker, out := t.TempDir(), exec.Command(os.Args[0]), new(strings.Builder)
				worker.Dir, worker.Stdout, worker.Stderr = dir, out, out
				worker.Env = append(os.Environ(), fmt.Sprint(stoppedVariable, "=", how, " ", timeout))
				if err := worker.Start(); err != nil {
					t.Fatal(err)
				}
				pid := 0
				for end := began.Add(patience); pid == 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
					if b, _ := os.ReadFile(filepath.Join(dir, "pid")); strings.HasSuffix(string(b), "\n") {
						pid = pidIn(t, string(b))
					}
				}
				_ = worker.Process.Signal(syscall.SIGSTOP)
				for !stopped(worker.Process.Pid) {
					time.Sleep(time.Millisecond)
				}
				late := time.Since(began) >= timeout // we were, not it
				if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				for !late && !zombie(pid) {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(timeout)
				_ = unix.Tgkill(worker.Process.Pid, worker.Process.Pid, unix.SIGCHLD)
				_ = worker.Process.Signal(syscall.SIGCONT)
				err := worker.Wait()
				if late && timeout < patience {
					continue
				}
				if err != nil || out.String() != fmt.Sprintln("outcome", Exited) {
					t.Errorf("%v, %s", err, out)
				}
				return
			}
		})
	}
}

// stopped tells whether all of a process is.
func stopped(pid int) bool {
	list, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, file := range list {
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), ") T ") {
			return false
		}
	}
	return true
}
