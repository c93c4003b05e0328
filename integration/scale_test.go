package integration

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestScale runs what make scale does, for a moment: that each job has its result
// is seen to by the program itself.
func TestScale(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the program is for Linux")
	}
	program := filepath.Join(t.TempDir(), "scale")
	build := exec.Command("go", "build", "-o", program, "./scripts/scale")
	build.Dir = top(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	jobpipe, err := exec.LookPath("jobpipe")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-program", jobpipe, "-only", "slots,jobs,coordinators", "-jobs", "100000", "-runs", "1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := strings.Count(string(out), "\n| 100,000 | 10 | "); n != 2 {
		t.Errorf("%d rows, want 2:\n%s", n, out)
	}
	if n := strings.Count(string(out), " | 100,000 | 0s | 8 | ") + strings.Count(string(out), " | 100,000 | 10ms | 1,000 | "); n != 6 {
		t.Errorf("%d rows of several coordinators, want 6:\n%s", n, out)
	}
}
