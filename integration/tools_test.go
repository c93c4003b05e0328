package integration

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func need(ts *testscript.TestScript, args []string) { require(stageOf(ts).t, args...) }

// require skips a test for which something is missing: a program, a file, or
// root. With CI=true nothing may be missing.
func require(t testing.TB, tools ...string) {
	for _, tool := range tools {
		switch {
		case tool == "root" && os.Geteuid() == 0:
			continue
		case tool[0] == '/':
			if _, err := os.Stat(tool); err == nil {
				continue
			}
		default:
			if _, err := exec.LookPath(tool); err == nil {
				continue
			}
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("needs %s, and with CI=true nothing may be missing", tool)
		}
		fmt.Fprintf(os.Stderr, "SKIPPED: %s: needs %s\n", t.Name(), tool)
		t.Skipf("needs %s", tool)
	}
}
