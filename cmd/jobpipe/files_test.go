package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests of whole runs run the test program again, as jobpipe.
func TestMain(m *testing.M) {
	if os.Getenv("JOBPIPE_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// A visit is one call by the shell, in a directory of its own in which in.txt
// holds three jobs.
func visit(t *testing.T, script string) (status int, stdout, stderr string, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte("a\nb\nc\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/bin/sh", "-c", `jobpipe() { "`+os.Args[0]+`" "$@"; }; `+script)
	c.Dir = dir
	c.Env = append(os.Environ(), "JOBPIPE_TEST_MAIN=1", "HOME="+dir)
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	_ = c.Run()
	return c.ProcessState.ExitCode(), out.String(), errs.String(), dir
}

func TestFiles(t *testing.T) {
	clean(t)
	tests := []struct {
		script string
		status int
		stderr string // a part
	}{
		{"jobpipe -k -- cat < in.txt", 0, ""},
		{"jobpipe -k -- cat < in.txt > /dev/null", 0, ""},
		{"jobpipe -k -- cat < /dev/null", 0, ""},
		{"jobpipe -k -o out -- cat < in.txt >&-", 0, ""},
		{"jobpipe -o /dev/null --failed /dev/null -- cat < in.txt", 0, ""},
		{"jobpipe --failed no -- false < in.txt", 1, "jobpipe: 3 of 3 jobs failed\n"},
		{"jobpipe -- false < in.txt 2>&-", 1, ""},

		{"jobpipe -- cat <&-", 2, "jobpipe: stdin is closed; jobs are read from it, as in: < jobs.txt\n"},
		{"jobpipe -- cat < .", 2, "jobpipe: stdin is a directory"},
		{"jobpipe -- cat 0> x", 2, "jobpipe: stdin is open for writing only"},
		{"jobpipe -- cat < in.txt >&-", 2, "jobpipe: stdout is closed, so results would be lost; name a file with --output"},
		{"jobpipe -- cat <&- >&- 2>&1", 2, ""},
		{"jobpipe -- cat < in.txt 1< in.txt", 2, "jobpipe: stdout is open for reading only"},
		{"jobpipe -- cat < in.txt >> in.txt", 2, "jobpipe: stdout is the file that jobs are read from"},
		{"jobpipe -o in.txt -- cat < in.txt", 2, "jobpipe: --output is the file that jobs are read from"},
		{"ln in.txt other; jobpipe -o other -- cat < in.txt", 2, "jobpipe: --output is the file that jobs are read from"},
		{"jobpipe --failed in.txt -- cat < in.txt", 2, "jobpipe: --failed is the file that jobs are read from"},
		{"jobpipe -o x --failed ./x -- cat < in.txt", 2, "jobpipe: --failed and --output are the same file"},
		{"jobpipe --failed x -- cat < in.txt > x", 2, "jobpipe: --failed and stdout are the same file"},
		{"jobpipe -l unix:s --listen-file x -o x < in.txt", 2, "jobpipe: --listen-file and --output are the same file"},
		{"jobpipe -l unix:s --listen-file in.txt < in.txt", 2, "jobpipe: --listen-file and stdin are the same file"},
		{"jobpipe --trace in.txt -- cat < in.txt", 2, "jobpipe: --trace is the file that jobs are read from"},
		{"jobpipe --trace x -- cat < in.txt > x", 2, "jobpipe: --trace and stdout are the same file"},
		{"jobpipe --trace x --failed x -- cat < in.txt", 2, "jobpipe: --trace and --failed are the same file"},
		{"jobpipe -o no/x -- cat < in.txt", 2, "jobpipe: --output: cannot write to no/x: no such file or directory\n"},
		{"jobpipe --failed . -- cat < in.txt", 2, "jobpipe: --failed: cannot write to .: is a directory\n"},
		{"jobpipe -- no-such-command < in.txt", 2, "jobpipe: cannot run the command no-such-command: not found in PATH\n"},
		{"jobpipe -q -l nonsense < in.txt", 2, "jobpipe: cannot listen on \"nonsense\""},
		{"jobpipe in.txt < in.txt", 2, "jobpipe: in.txt is no command"},
		{"jobpipe -k", 2, "jobpipe: nobody would do the jobs"},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			status, _, stderr, dir := visit(t, test.script)
			if status != test.status || !strings.Contains(stderr, test.stderr) {
				t.Errorf("status %d, stderr %q, want %d, %q", status, stderr, test.status, test.stderr)
			}
			if test.status == 2 && strings.Count(stderr, "\n") > 1 {
				t.Errorf("more than one line: %q", stderr)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "in.txt")); err != nil || string(b) != "a\nb\nc\n" {
				t.Errorf("the jobs are %q now, %v", b, err)
			}
		})
	}
}

func TestNamedFiles(t *testing.T) {
	clean(t)
	status, stdout, stderr, dir := visit(t, `
		umask 077
		echo this is much longer than what comes > out; echo this too > failed
		jobpipe -k -o out --failed failed -- sh -c 'read x; echo $x; test $x != b' < in.txt`)
	if status != 1 || stdout != "" || !strings.HasSuffix(stderr, "jobpipe: 1 of 3 jobs failed\n") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	for name, want := range map[string]string{"out": "a\nb\nc\n", "failed": "b\n"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// Where nothing is run, the files are as they were: another run may be writing to them.
func TestNothingIsEmptiedInVain(t *testing.T) {
	clean(t)
	for _, wrong := range []string{
		"--trace no/x -- cat",
		"--trace x -- no-such-command",
		"--trace x -l unix:no/such/dir/s",
		"--trace x --http 192.0.2.1:1 -- cat",
		"--trace x --journal out -- cat",
		"--trace x --journal foreign -- cat",
		"--trace x -l :0 --key-file foreign",
	} {
		t.Run(wrong, func(t *testing.T) {
			status, _, stderr, dir := visit(t, `
				for f in out failed log x foreign; do echo dear > $f; chmod 600 $f; done
				jobpipe -o out --failed failed --joblog log `+wrong+` < in.txt`)
			if status != 2 {
				t.Errorf("status %d, stderr %q", status, stderr)
			}
			for _, name := range []string{"out", "failed", "log", "x", "foreign"} {
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != "dear\n" {
					t.Errorf("%s holds %q, %v", name, got, err)
				}
			}
		})
	}
}

// Somebody who opens /dev/null once for stdin and stdout has not closed them.
func TestSharedNull(t *testing.T) {
	clean(t)
	status, _, stderr, _ := visit(t, "jobpipe -- cat <> /dev/null >&0")
	if status != 0 {
		t.Errorf("status %d, %q", status, stderr)
	}
}

func TestReaderOfStdoutGoes(t *testing.T) {
	clean(t)
	_, stdout, stderr, _ := visit(t, "{ jobpipe -k -- sh -c 'cat; sleep 0.1' < in.txt; echo status $? >&2; } | true")
	if stdout != "" || stderr != "status 141\n" {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
}
