package command

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// zombie tells whether the process has exited and waits to be reaped.
func zombie(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(b), ") Z ")
}

// pidIn reads the process id that a job printed.
func pidIn(t *testing.T, out string) int {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestGrandchildHoldsThePipes(t *testing.T) {
	s := sh(t, Options{}, "sleep 600 & echo $!")
	r, out, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
	gone(t, pidIn(t, out))
}

func TestGrandchildIgnoresTerm(t *testing.T) {
	s := sh(t, Options{KillAfter: time.Millisecond}, "trap '' TERM; sleep 600 & echo $!")
	r, out, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
	gone(t, pidIn(t, out))
}

func TestCloseKillsWhatIsLeft(t *testing.T) {
	s := sh(t, Options{}, "trap '' TERM; sleep 600 >/dev/null 2>&1 & echo $!")
	_, out, _ := run(t, s, Job{})
	s.c.Close()
	gone(t, pidIn(t, out))
}

func TestEscapedGrandchildFloods(t *testing.T) {
	s := sh(t, Options{}, "setsid yes >/dev/null & echo $!; setsid sh -c 'while echo x; do :; done' & echo r")
	r, out, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
	if !strings.Contains(out, "r\n") {
		t.Fatal(out)
	}
	if p, err := os.FindProcess(pidIn(t, strings.SplitN(out, "\n", 2)[0])); err == nil {
		_ = p.Kill()
	}
}

func TestTimeout(t *testing.T) {
	s := sh(t, Options{}, "echo part; echo why >&2; sleep 600 & echo $! >&2; wait")
	// How long a job needs to come to say something, the machine decides.
	for timeout := 300 * time.Millisecond; ; timeout *= 2 {
		r, out, errs := run(t, s, Job{Timeout: timeout})
		want(t, r, TimedOut, 0)
		if strings.Count(errs, "\n") < 2 && timeout < patience {
			continue
		}
		if out != "" || !strings.HasPrefix(errs, "why\n") {
			t.Fatalf("%q %q", out, errs)
		}
		gone(t, pidIn(t, errs[len("why\n"):]))
		return
	}
}

func TestTimeoutOfOneThatIgnoresTerm(t *testing.T) {
	s := sh(t, Options{KillAfter: 50 * time.Millisecond}, "trap '' TERM; while :; do sleep 600; done")
	r, _, _ := run(t, s, Job{Timeout: 100 * time.Millisecond})
	want(t, r, TimedOut, 0)
}

func TestTimeoutOfOneThatIsStopped(t *testing.T) {
	s := sh(t, Options{}, "kill -STOP $$")
	r, _, _ := run(t, s, Job{Timeout: 100 * time.Millisecond})
	want(t, r, TimedOut, 0)
}

func TestTooLarge(t *testing.T) {
	for _, line := range []string{"yes", "yes >&2", "trap '' TERM; while :; do echo xxxxxxxxxxxxxxxxxxx; done"} {
		s := sh(t, Options{MaxResult: 3 << 20, KillAfter: 50 * time.Millisecond}, line)
		r, out, errs := run(t, s, Job{})
		want(t, r, TooLarge, 0)
		if out != "" || len(errs) > lastWords || !strings.Contains(r.Note, "3145728") {
			t.Error(len(out), len(errs), r.Note)
		}
	}
	s := sh(t, Options{MaxResult: 6}, "echo 12345")
	r, _, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
}

func TestLongOutputGoesToAFile(t *testing.T) {
	s := sh(t, Options{}, "seq 1000000")
	r, out, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
	if _, all := r.Stdout.Bytes(); all || len(r.Stdout.mem) != inMemory {
		t.Error("it is in memory")
	}
	if len(out) != 6888896 || !strings.HasSuffix(out, "\n999999\n1000000\n") {
		t.Error(len(out))
	}
}

func TestNowhereToKeepLongOutput(t *testing.T) {
	t.Setenv("TMPDIR", "/no/such/directory")
	s := sh(t, Options{}, "seq 1000000")
	r, _, _ := run(t, s, Job{})
	want(t, r, TooLarge, 0)
	if !strings.Contains(r.Note, "/no/such/directory") {
		t.Error(r.Note)
	}
}

func TestCancel(t *testing.T) {
	s := sh(t, Options{KillAfter: 50 * time.Millisecond}, "trap '' TERM; while :; do sleep 600; done")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := s.Run(ctx, Job{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := s.Run(ctx, Job{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	s = sh(t, Options{}, "echo fine")
	if _, out, _ := run(t, s, Job{}); out != "fine\n" {
		t.Fatal(out)
	}
}

// A worker that is stopped, or waits long for a processor, sees late that a
// job has exited: what the job printed is in the pipes all the same.
func TestOutputIsReadHoweverLate(t *testing.T) {
	s := sh(t, Options{}, "echo out; echo err >&2")
	p, err := s.start(s.c.argv, nil)
	if err != nil {
		t.Fatal(err)
	}
	for !zombie(p.pid) {
		time.Sleep(time.Millisecond)
	}
	p.left()
	p.onTime(p.exited.Add(time.Hour))
	p.reap()
	if out, errs := text(t, &p.stdout), text(t, &p.stderr); out != "out\n" || errs != "err\n" {
		t.Fatalf("stdout %q, stderr %q", out, errs)
	}
	if p.out != none || p.err != none {
		t.Fatal("pipes are left open")
	}
}
