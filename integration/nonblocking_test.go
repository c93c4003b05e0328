package integration

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNonblockingStdout: stdout may be in non-blocking mode, which whoever has
// it too can bring about. Nothing is lost when it is full.
func TestNonblockingStdout(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jobs := strings.Repeat(strings.Repeat("x", 65535)+"\n", 40)
	p.write("jobs", jobs)

	read, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	in, err := os.Open(p.abs("jobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	log, err := os.Create(p.abs("c.err"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	path, err := exec.LookPath("jobpipe")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--", "cat")
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, log
	ours, err := syscall.Dup(int(out.Fd())) // the same open file; cmd makes it blocking
	if err != nil {
		t.Fatal(err)
	}
	// Held back by nothing read yet: the pipe is full after the first result.
	c, err := begin("c", cmd, p.abs("c.err"))
	if err != nil {
		t.Fatal(err)
	}
	p.processes = append(p.processes, c)
	if err := syscall.SetNonblock(ours, true); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(ours)
	_ = out.Close()

	_ = read.SetReadDeadline(time.Now().Add(deadline))
	results, err := io.ReadAll(&slowly{read})
	if err != nil {
		t.Fatal(err)
	}
	p.finish(c, 0)
	if !bytes.Equal(results, []byte(jobs)) {
		t.Errorf("%d bytes of results, want %d", len(results), len(jobs))
	}
}

// slowly reads little at a time, so that the other end often finds the pipe full.
type slowly struct{ io.Reader }

func (s *slowly) Read(b []byte) (int, error) { return s.Reader.Read(b[:min(len(b), 4000)]) }
