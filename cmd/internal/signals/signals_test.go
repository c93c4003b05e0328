package signals

import (
	"bufio"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// The tests run the test program again as one that does nothing but to say
// which signals it has got, until the second one.
func TestMain(m *testing.M) {
	if os.Getenv("SIGNALS_TEST_CHILD") == "" {
		heed()
		os.Exit(m.Run())
	}
	w := New()
	w.Catch(func(number int) { os.Stdout.WriteString([]string{"", "first\n", "second\n"}[number]) })
	os.Stdout.WriteString("ready\n")
	<-w.Drain
	<-w.Context.Done()
	os.Stdout.WriteString("stopping\n")
	if os.Getenv("SIGNALS_TEST_CHILD") == "hangs" {
		select {}
	}
	os.Exit(Status(w.First()))
}

// heed has children know signals that we were started with ignored, as in the
// background of a script: what we catch is theirs to be ended by.
func heed() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// child starts the program by a shell that runs before first.
func child(t *testing.T, how, before string) (*exec.Cmd, func(want string)) {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", before+` exec "$0"`, os.Args[0])
	c.Env = append(os.Environ(), "SIGNALS_TEST_CHILD="+how)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	lines := bufio.NewScanner(out)
	return c, func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("it says %q, want %q", lines.Text(), want)
		}
	}
}

func TestTwoSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		c, says := child(t, "ends", "")
		says("ready")
		c.Process.Signal(syscall.SIGPIPE) // of no meaning
		c.Process.Signal(s)
		says("first")
		c.Process.Signal(syscall.SIGTERM)
		says("second")
		says("stopping")
		c.Wait()
		if got := c.ProcessState.ExitCode(); got != 128+int(s) {
			t.Errorf("%v: exit status %d", s, got)
		}
	}
}

func TestThirdSignal(t *testing.T) {
	c, says := child(t, "hangs", "")
	says("ready")
	c.Process.Signal(syscall.SIGINT)
	says("first")
	c.Process.Signal(syscall.SIGINT)
	says("second")
	says("stopping")
	c.Process.Signal(syscall.SIGINT)
	c.Wait()
	if status := c.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", c.ProcessState)
	}
}

func TestIgnoredSignals(t *testing.T) {
	c, says := child(t, "ends", "trap '' INT HUP;")
	says("ready")
	c.Process.Signal(syscall.SIGHUP)
	c.Process.Signal(syscall.SIGINT)
	c.Process.Signal(syscall.SIGTERM)
	says("first")
	c.Process.Signal(syscall.SIGINT)
	c.Process.Signal(syscall.SIGTERM)
	says("second")
	says("stopping")
	c.Wait()
	if got := c.ProcessState.ExitCode(); got != 128+int(syscall.SIGTERM) {
		t.Errorf("exit status %d", got)
	}
}

func TestAllIgnored(t *testing.T) {
	c, says := child(t, "ends", "trap '' INT HUP TERM;")
	says("ready")
	c.Process.Signal(syscall.SIGTERM)
	time.Sleep(50 * time.Millisecond)
	c.Process.Kill()
	c.Wait()
	if status := c.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", c.ProcessState)
	}
}
