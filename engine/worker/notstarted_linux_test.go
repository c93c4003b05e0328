package worker

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// busyProgram is a copy of a program that cannot be run until free is called: the
// system does not start what somebody writes to.
func busyProgram(t *testing.T, program string) (path string, free func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "program")
	from, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close() })
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	return path, func() { to.Close() }
}

func TestCommandThatIsNotStartedForNow(t *testing.T) {
	path, free := busyProgram(t, "/bin/cat")
	cfg := config(t, path)
	cfg.Slots = 2
	c := begin(t, cfg)
	c.jobs(1, 1, "a")
	c.gaveBack("1")
	c.slots(0)
	c.jobs(2, 1, "b", "c") // on the way when it said so
	c.gaveBack("2-3")
	c.slots(2)
	if !c.logged.has("goes back, and no more are taken for a while") {
		t.Error("nothing is logged")
	}
	free()
	c.jobs(1, 1, "a")
	if r := c.result(); string(r.Stdout) != "a\n" {
		t.Errorf("got %q", r.Stdout)
	}
}

func TestDrainWhileNothingCanBeStarted(t *testing.T) {
	path, _ := busyProgram(t, "/bin/cat")
	c := begin(t, config(t, path))
	c.jobs(1, 1, "a")
	c.gaveBack("1")
	c.slots(0)
	c.drain()
	c.slots(0)
	c.goodbye(done)
	if err := c.end(); err != nil {
		t.Errorf("got %v", err)
	}
}
