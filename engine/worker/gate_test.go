package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Gates hold jobs up: job n starts, and then waits until the test lets it go on.
// They are named pipes, so that the test knows when a job has come to its gate.
type gates struct {
	t    *testing.T
	dir  string
	open map[int]*os.File
}

func newGates(t *testing.T, jobs int) *gates {
	g := &gates{t: t, dir: t.TempDir(), open: map[int]*os.File{}}
	for n := 1; n <= jobs; n++ {
		if err := syscall.Mkfifo(g.path(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, f := range g.open {
			f.Close()
		}
	})
	return g
}

func (g *gates) path(n int) string { return filepath.Join(g.dir, fmt.Sprint(n)) }

// config is for a worker whose jobs print what the test lets them, and then the
// record.
func (g *gates) config(slots int) Config {
	cfg := sh(g.t, fmt.Sprintf(`cat %s/$JOBPIPE_SEQ; cat`, g.dir))
	cfg.Slots = slots
	return cfg
}

// reached waits until job n is at its gate.
func (g *gates) reached(n int) {
	g.t.Helper()
	came := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(g.path(n), os.O_WRONLY, 0)
		g.open[n] = f
		came <- err
	}()
	select {
	case err := <-came:
		if err != nil {
			g.t.Fatal(err)
		}
	case <-time.After(patience):
		g.t.Fatalf("job %d does not start", n)
	}
}

// pass lets job n print text and go on.
func (g *gates) pass(n int, text string) {
	g.t.Helper()
	if _, err := g.open[n].WriteString(text); err != nil {
		g.t.Fatal(err)
	}
	g.open[n].Close()
	delete(g.open, n)
}
