package watch

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

var shots = flag.String("shots", "", "leave pictures in this `directory`")

// tolerance is longer than anything takes.
const tolerance = time.Minute

// bin is where the binaries are.
var bin string

func TestMain(m *testing.M) {
	flag.Parse()
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "watch:", err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (status int, err error) {
	if bin, err = os.MkdirTemp("", "jobpipe-watch"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	_ = os.Setenv("TMPDIR", bin) // where the browser leaves things behind
	build := exec.Command("go", "build", "-o", bin, "./cmd/jobpipe", "./cmd/jobpipe-worker")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("the binaries do not build: %w\n%s", err, out)
	}
	defer closeBrowser()
	return m.Run(), nil
}

// need skips a test for which a program is missing. With CI=true none may be.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil || errors.Is(err, exec.ErrDot):
	case os.Getenv("CI") == "true":
		t.Fatalf("needs %s, and with CI=true nothing may be missing", program)
	default:
		fmt.Fprintf(os.Stderr, "SKIPPED: %s: needs %s\n", t.Name(), program)
		t.Skipf("needs %s", program)
	}
	return path
}
