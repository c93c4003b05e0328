package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// TestMain is the processor, too, for workers start their command from what runs
// here.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "process" {
		process(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// TestCoordinators: each gives every job to a real worker once, and its trace and
// that of the links hold all of it. How fast they are is not asked here.
func TestCoordinators(t *testing.T) {
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/jobpipe", "../../cmd/jobpipe-worker").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []coordinator{blocking, nonBlocking} {
		t.Run(c.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "study") // that of a test is too long for a socket
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			const jobs = 14
			r := run{ctx: t.Context(), bin: bin, dir: dir, works: []int{3, 2, 1}, jobs: jobs}
			merged, err := r.trace(c)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for i := range jobs {
				want = append(want, fmt.Sprintf("job %d\n", i+1))
			}
			results, err := os.ReadFile(filepath.Join(dir, "results"))
			if got := slices.Sorted(strings.Lines(string(results))); err != nil || !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("%v, results %q", err, results)
			}

			text, err := os.ReadFile(merged)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			for e, err := range trace.Read(bytes.NewReader(text)) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Phase == trace.Complete {
					seen[e.Category] += int(e.Args.Count)
				}
			}
			if seen[trace.Running] != jobs || seen[trace.WireJob] < jobs || seen[trace.WireResult] != jobs {
				t.Errorf("the traces hold %v", seen)
			}
			o, err := measure(merged, r.works)
			if err != nil || o.jobs != jobs || len(o.idle) != 3 || o.rate <= 0 {
				t.Errorf("%+v, %v", o, err)
			}
			var table bytes.Buffer
			o.coordinator = c.name
			printTable(&table, []outcome{o})
			if !strings.Contains(table.String(), "| 3, 2, 1 ms | "+c.name+" |") || !strings.Contains(table.String(), "of 1.83") {
				t.Errorf("%s", &table)
			}
		})
	}
}
