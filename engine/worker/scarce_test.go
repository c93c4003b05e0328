package worker

import (
	"errors"
	"syscall"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// fewFiles makes the system lack descriptors until the test ends, or enough is
// called.
func fewFiles(t *testing.T) (enough func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	enough = func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) }
	t.Cleanup(enough)
	return enough
}

// A worker that can make no slots gives back what it was sent meanwhile.
func TestNoSlotsForNow(t *testing.T) {
	c, _ := meet(t, config(t, "cat"))
	enough := fewFiles(t)
	c.welcome(usual())
	c.slots(0)
	ping := c.frame()
	c.jobs(1, 1, "a", "b")
	c.gaveBack("1-2")
	enough()
	c.send(codec.TypePong, ping.Payload)
	sentence := c.goodbye(cannotRun)
	if err := c.end(); !errors.Is(err, command.ErrNotStarted) || sentence != err.Error() {
		t.Errorf("it says %q and returns %v", sentence, err)
	}
}
