package command

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestRecordGoesToStdinUntouched(t *testing.T) {
	s := slot(t, Options{}, "cat")
	for _, record := range []string{"a b\n", "\n", "", "no end", "\x00\xff\r\n", strings.Repeat("x", 10<<20) + "\n"} {
		r, out, errs := run(t, s, Job{Record: []byte(record)})
		want(t, r, Exited, 0)
		if out != record || errs != "" {
			t.Fatalf("%d bytes came back as %d, stderr %q", len(record), len(out), errs)
		}
	}
}

func TestRecordReplacesBraces(t *testing.T) {
	s := slot(t, Options{}, "sh", "-c", `printf '%s|' "$@"; cat; readlink /proc/self/fd/0`, "sh", "{}", "a{}b{}", "c")
	r, out, _ := run(t, s, Job{Record: []byte("x $(y)\n")})
	want(t, r, Exited, 0)
	if !strings.HasPrefix(out, "x $(y)|ax $(y)bx $(y)|c|") {
		t.Fatal(out)
	}
	r, out, _ = run(t, s, Job{Record: []byte("last")})
	want(t, r, Exited, 0)
	if !strings.HasPrefix(out, "last|") {
		t.Fatal(out)
	}
}

func TestRecordThatNoArgumentCanHold(t *testing.T) {
	s := slot(t, Options{}, "echo", "{}")
	for _, record := range []string{"a\x00b\n", strings.Repeat("x", 4<<20) + "\n"} {
		r, _, _ := run(t, s, Job{Record: []byte(record)})
		want(t, r, Unrunnable, 0)
		if r.Note == "" {
			t.Fatal("no reason given")
		}
	}
	r, out, _ := run(t, s, Job{Record: []byte("fine\n")})
	want(t, r, Exited, 0)
	if out != "fine\n" {
		t.Fatal(out)
	}
}

func TestExitStatusAndSignals(t *testing.T) {
	s := sh(t, Options{}, `read what; eval "$what"`)
	for _, code := range []int{0, 1, 7, 127, 255} {
		r, _, _ := run(t, s, Job{Record: []byte("exit " + strconv.Itoa(code) + "\n")})
		want(t, r, Exited, code)
	}
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGSEGV, syscall.SIGPIPE} {
		r, _, _ := run(t, s, Job{Record: []byte("kill -" + strconv.Itoa(int(sig)) + " $$\n")})
		want(t, r, Signaled, int(sig))
	}
}

func TestStdinNotRead(t *testing.T) {
	s := sh(t, Options{}, "exec <&-; echo done")
	r, out, _ := run(t, s, Job{Record: make([]byte, 1<<20)})
	want(t, r, Exited, 0)
	if out != "done\n" {
		t.Fatal(out)
	}
}

func TestWritesBeforeItReads(t *testing.T) {
	s := sh(t, Options{}, "head -c 10000000 /dev/zero; cat")
	r, out, _ := run(t, s, Job{Record: make([]byte, 10<<20)})
	want(t, r, Exited, 0)
	if len(out) != 10_000_000+10<<20 {
		t.Fatal(len(out))
	}
}

func TestStdoutClosedEarly(t *testing.T) {
	s := sh(t, Options{}, "echo a; exec >&- 2>&-; sleep 0.1; exit 4")
	r, out, _ := run(t, s, Job{})
	want(t, r, Exited, 4)
	if out != "a\n" {
		t.Fatal(out)
	}
}

func TestStderrIsKeptApart(t *testing.T) {
	s := sh(t, Options{}, "echo out; echo err >&2; exit 1")
	r, out, errs := run(t, s, Job{})
	want(t, r, Exited, 1)
	if out != "out\n" || errs != "err\n" {
		t.Fatal(out, errs)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("JOBPIPE_KEY_FILE", "/secret")
	t.Setenv("JOBPIPE_SEQ", "stale")
	t.Setenv("ANOTHER", "kept")
	s := slot(t, Options{Worker: "w1"}, "env")
	_, out, _ := run(t, s, Job{Run: "abc", Seq: 12, Attempt: 2})
	for _, v := range []string{"JOBPIPE_RUN=abc", "JOBPIPE_SEQ=12", "JOBPIPE_ATTEMPT=2", "JOBPIPE_SLOT=3", "JOBPIPE_WORKER=w1", "ANOTHER=kept"} {
		if strings.Count("\n"+out, "\n"+v+"\n") != 1 {
			t.Errorf("%s is not there once:\n%s", v, out)
		}
	}
	if strings.Contains(out, "KEY_FILE") || strings.Contains(out, "stale") {
		t.Error(out)
	}
}

func TestNoTerminal(t *testing.T) {
	s := sh(t, Options{}, "(: </dev/tty) 2>/dev/null && echo terminal")
	if _, out, _ := run(t, s, Job{}); out != "" {
		t.Error(out)
	}
}

func TestScriptWithoutInterpreterLine(t *testing.T) {
	s := slot(t, Options{}, script(t, "echo \"$0\" \"$1\"\n"), "arg")
	r, out, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
	if !strings.HasSuffix(out, "/job arg\n") {
		t.Fatal(out)
	}
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{nil, {""}, {"{}"}, {"./{}.sh"}, {"no-such-command-here"}, {"/no/such"}, {plain}, {dir}, {"echo", "a\x00"}} {
		if _, err := New(argv, Options{}); !errors.Is(err, ErrCannotRun) {
			t.Errorf("%q: %v", argv, err)
		} else {
			t.Log(err)
		}
	}
}

func TestCommandThatVanishes(t *testing.T) {
	missing := slot(t, Options{}, script(t, "#!/no/such/interpreter\n"))
	_, err := missing.Run(context.Background(), Job{})
	if !errors.Is(err, ErrCannotRun) || !strings.Contains(err.Error(), "/no/such/interpreter") {
		t.Error(err)
	}
	path := script(t, "#!/bin/sh\nrm -- \"$0\"\n")
	deletes := slot(t, Options{}, path)
	r, _, _ := run(t, deletes, Job{})
	want(t, r, Exited, 0)
	if _, err := deletes.Run(context.Background(), Job{}); !errors.Is(err, ErrCannotRun) {
		t.Error(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := deletes.Run(context.Background(), Job{}); !errors.Is(err, ErrCannotRun) {
		t.Error(err)
	}
}

func TestOutOfDescriptors(t *testing.T) {
	s := slot(t, Options{}, "cat")
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	few := old
	few.Cur = 6
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	_, err := s.Run(context.Background(), Job{})
	if e := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); e != nil {
		t.Fatal(e)
	}
	if !errors.Is(err, ErrNotStarted) {
		t.Fatal(err)
	}
	r, _, _ := run(t, s, Job{})
	want(t, r, Exited, 0)
}

func TestNice(t *testing.T) {
	want, err := exec.Command("nice", "-n", "7", "nice").Output()
	if err != nil {
		t.Fatal(err)
	}
	// A job that has begun is made so nice, and may be there earlier.
	s := sh(t, Options{Nice: 7}, "read -r want; until test $(nice) = $want; do sleep 0.01; done")
	if r, _, _ := run(t, s, Job{Record: want, Timeout: patience}); r.Outcome != Exited {
		t.Errorf("it does not come to a niceness of %s", want)
	}
}
