package integration

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestService plays the service manager of a worker: it is told when the worker is
// ready, what it does, and that it is about to end.
func TestService(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: p.abs("notify")})
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(p.abs("notify"))
	defer socket.Close()
	told := func(want string) {
		t.Helper()
		_ = socket.SetReadDeadline(time.Now().Add(deadline))
		buf := make([]byte, 1000)
		var all []string
		for {
			n, err := socket.Read(buf)
			if err != nil {
				t.Fatalf("%v while waiting for %q; these came: %q", err, want, all)
			}
			all = append(all, string(buf[:n]))
			if strings.HasPrefix(string(buf[:n]), want) {
				return
			}
		}
	}
	p.env = append(p.env, "NOTIFY_SOCKET="+p.abs("notify"))
	p.write("job.sh", "echo \"socket: $NOTIFY_SOCKET\"\n")
	p.write("jobs", "a\n")
	worker := p.start("worker", "jobpipe-worker --stay -c unix:sock -- sh job.sh")
	told("READY=1") // before there is a coordinator
	told("STATUS=connecting to unix:sock")
	told("STATUS=no coordinator now (unix:sock: ")
	for range 2 {
		p.finish(p.start("run", "jobpipe -q -l unix:sock <jobs"), 0)
		if out := p.read("run.out"); out != "socket: \n" {
			t.Errorf("jobs are to know nothing of the manager: %q", out)
		}
		told("STATUS=working for ")
		told("STATUS=the run at unix:sock is over")
	}
	if err := worker.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	told("STOPPING=1")
	told("STATUS=finishing")
	p.finish(worker, 130)
}

// TestUnit has systemd look at the unit.
func TestUnit(t *testing.T) {
	t.Parallel()
	require(t, "systemd-analyze")
	text, err := os.ReadFile(top(t) + "/scripts/systemd/jobpipe-worker@.service")
	if err != nil {
		t.Fatal(err)
	}
	worker, err := exec.LookPath("jobpipe-worker")
	if err != nil {
		t.Fatal(err)
	}
	// What is not installed is found by its path.
	unit := filepath.Join(t.TempDir(), "jobpipe-worker@thumbs.service")
	text = []byte(strings.Replace(string(text), "ExecStart=jobpipe-worker ", "ExecStart="+worker+" ", 1))
	if err := os.WriteFile(unit, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", "--man=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", unit).CombinedOutput()
	if err != nil {
		t.Errorf("more exposed than 2.5: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no level in\n%s", out)
	}
	if level, err := strconv.ParseFloat(string(found[1]), 64); err != nil || level >= 2.5 {
		t.Errorf("its level is %s", found[1])
	}
}
