package command

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// patience is for what must happen, even if the machine stands still for a while.
// Only a broken test waits so long.
const patience = 2 * time.Minute

// slot makes a slot for argv.
func slot(t *testing.T, opt Options, argv ...string) *Slot {
	t.Helper()
	if opt.KillAfter == 0 {
		opt.KillAfter = time.Minute // a test that needs KILL says so
	}
	c, err := New(argv, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s, err := c.Slot(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// sh makes a slot for a line of shell.
func sh(t *testing.T, opt Options, line string) *Slot {
	t.Helper()
	return slot(t, opt, "sh", "-c", line)
}

// run runs a job that must not fail to start.
func run(t *testing.T, s *Slot, j Job) (r Result, stdout, stderr string) {
	t.Helper()
	j.Delim = '\n'
	r, err := s.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Stdout.Close(); r.Stderr.Close() })
	return r, text(t, &r.Stdout), text(t, &r.Stderr)
}

func text(t *testing.T, s *Spool) string {
	t.Helper()
	b := make([]byte, s.Len())
	if n, err := s.ReadAt(b, 0); n != len(b) {
		t.Fatalf("read %d of %d bytes: %v", n, len(b), err)
	}
	return string(b)
}

func want(t *testing.T, r Result, o Outcome, code int) {
	t.Helper()
	if r.Outcome != o || r.Code != code {
		t.Fatalf("outcome %d code %d note %q, want outcome %d code %d", r.Outcome, r.Code, r.Note, o, code)
	}
}

// script writes an executable file.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job")
	if err := os.WriteFile(path, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// gone waits until a process has exited; a zombie nobody reaps counts.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if syscall.Kill(pid, 0) != nil || zombie(pid) {
			return
		}
	}
	t.Fatalf("process %d is still there", pid)
}
