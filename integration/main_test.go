package integration

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// raced gives the binaries under test the race detector, and the tests none: jobs
// are processes of the test binary, thousands of them, and one with the detector
// takes long to start.
var raced = flag.Bool("raced", false, "build the binaries with the race detector")

func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"job": job})
}

// suite builds the binaries before the tests run.
type suite struct{ *testing.M }

func (s suite) Run() int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "jobpipe-bin")
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir, "./cmd/jobpipe", "./cmd/jobpipe-worker")
	races := filepath.Join(dir, "race")
	if *raced {
		build.Args = slices.Insert(build.Args, 2, "-race")
		_ = os.Setenv("GORACE", "halt_on_error=1 log_path="+races)
	}
	build.Dir = ".."
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "integration: the binaries do not build:", err)
		return 1
	}
	// What tests build in homes of their own comes from the caches that there are.
	for _, v := range []string{"GOCACHE", "GOMODCACHE"} {
		where, err := exec.Command("go", "env", v).Output()
		if err != nil {
			fmt.Fprintln(os.Stderr, "integration: go env:", err)
			return 1
		}
		_ = os.Setenv(v, strings.TrimSpace(string(where)))
	}
	// In the background of a script some signals are ignored, and so they would be
	// by all that tests start; what we catch is not.
	for _, s := range signals {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	_ = os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	_ = os.Setenv("GOTMPDIR", dir) // where testscript leaves directories behind when not all scripts are run
	// The user's own settings are none of the tests'.
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "JOBPIPE_") && name != "JOBPIPE_LONG" {
			_ = os.Unsetenv(name)
		}
	}
	return max(s.M.Run(), complaints(races))
}

// complaints shows what the race detector found in the binaries, where they may
// have been killed before it came to their exit status, and returns that of ours.
func complaints(path string) (status int) {
	found, _ := filepath.Glob(path + ".*")
	for _, file := range found {
		text, err := os.ReadFile(file)
		fmt.Fprintf(os.Stderr, "integration: the race detector says (%v):\n%s\n", err, text)
		status = 1
	}
	return status
}

// top is the directory of the project.
func top(t testing.TB) string {
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
