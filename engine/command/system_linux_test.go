package command

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestIgnoredSignalsAreNotInherited starts this test again with signals
// ignored, as a script or nohup does.
func TestIgnoredSignalsAreNotInherited(t *testing.T) {
	if os.Getenv("STARTED_WITH_IGNORED") == "" {
		again := exec.Command("sh", "-c", `trap '' HUP INT QUIT TSTP TTIN USR1; exec "$0" -test.run='^TestIgnored'`, os.Args[0])
		again.Env = append(os.Environ(), "STARTED_WITH_IGNORED=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	s := slot(t, Options{}, "grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status")
	_, out, _ := run(t, s, Job{})
	for line := range strings.Lines(out) {
		mask, err := strconv.ParseUint(strings.Fields(line)[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if mask&(1<<31-1) != 0 {
			t.Error(line)
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err) // and we still ignore it
	}
}

// TestWithoutProcessDescriptors runs the way of systems that have none.
func TestWithoutProcessDescriptors(t *testing.T) {
	s := sh(t, Options{}, "cat; exit 5")
	withoutDescriptors = true
	defer func() { withoutDescriptors = false }()
	r, out, _ := run(t, s, Job{Record: []byte("a\n")})
	want(t, r, Exited, 5)
	if out != "a\n" {
		t.Error(out)
	}
}

func TestNoDescriptorIsLeft(t *testing.T) {
	s := slot(t, Options{}, "cat")
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	run(t, s, Job{Record: []byte("a\n")})
	before := count()
	for range 20 {
		run(t, s, Job{Record: []byte("a\n")})
	}
	if after := count(); after > before { // tests before this one may close some meanwhile
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestDescriptorsAreNotInherited(t *testing.T) {
	s := slot(t, Options{}, "ls", "/proc/self/fd")
	_, before, _ := run(t, s, Job{})
	for range 5 {
		var p [2]int
		if err := pipe(&p); err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(p[0])
		defer syscall.Close(p[1])
	}
	other := sh(t, Options{}, "sleep 600")
	busy, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = other.Run(busy, Job{Record: make([]byte, 1<<20)})
	}()
	for range 5 {
		if _, after, _ := run(t, s, Job{}); after != before {
			t.Errorf("before %q, after %q", before, after)
		}
	}
	stop()
	<-done
}
