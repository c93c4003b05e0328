package output

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/engine/order"
)

// A rig is a writer with files to write to.
type rig struct {
	*Writer
	t    *testing.T
	dir  string
	bell chan struct{}
}

// forever is longer than anything takes, even if the machine stands still for a while.
const forever = 2 * time.Minute

// start starts a writer; what o does not name is a file in a new directory.
func start(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), bell: make(chan struct{}, 1)}
	o.Doorbell = func() {
		select {
		case r.bell <- struct{}{}:
		default:
		}
	}
	for name, f := range map[string]**os.File{"stdout": &o.Stdout, "stderr": &o.Stderr, "failed": &o.Failed} {
		if *f == nil {
			*f = create(t, filepath.Join(r.dir, name))
		}
	}
	var err error
	if r.Writer, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

func create(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// read returns what a file of the rig holds.
func (r *rig) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// wait hands ops in and waits until they are completed.
func (r *rig) wait(ops ...order.Op) []order.Op {
	r.t.Helper()
	r.Submit(ops)
	var done []order.Op
	for len(done) < len(ops) {
		<-r.bell
		if err := r.Err(); err != nil {
			r.t.Fatal(err)
		}
		done = r.Completed(done)
	}
	return done
}

func stdout(s string) order.Op { return order.Op{Kind: order.Stdout, Data: []byte(s)} }
func stderr(s string) order.Op { return order.Op{Kind: order.Stderr, Data: []byte(s)} }
func spill(off int64, s string) order.Op {
	return order.Op{Kind: order.Spill, Off: off, Len: int64(len(s)), Data: []byte(s)[:len(s):len(s)]}
}
func at(k order.Kind, off, n int64) order.Op { return order.Op{Kind: k, Off: off, Len: n} }

func TestFiles(t *testing.T) {
	r := start(t, Options{Delim: '\n'})
	receipts := []order.Receipt{{Worker: 3, Seq: 1, Count: 2, Bytes: 10}}
	first := stdout("one\n")
	first.Receipts = receipts
	r.Message([]byte("hello\n"))
	done := r.wait(first, stderr("warning\n"), stdout(""), stdout("two\n"))
	r.Failed([]byte("job 1\n"))
	r.Failed([]byte("the last of the input"))
	r.Failed([]byte("job 2\njob 3\n"))
	r.Message([]byte("bye\n"))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := r.read("stdout"); got != "one\ntwo\n" {
		t.Errorf("stdout holds %q", got)
	}
	if got := r.read("stderr"); got != "hello\nwarning\nbye\n" {
		t.Errorf("stderr holds %q", got)
	}
	if got := r.read("failed"); got != "job 1\nthe last of the input\njob 2\njob 3\n" {
		t.Errorf("the file of failed jobs holds %q", got)
	}
	if len(done) != 4 || done[0].Receipts[0] != receipts[0] || string(done[3].Data) != "two\n" {
		t.Errorf("completed %v", done)
	}
	if n := r.Backlog(); n != 0 {
		t.Errorf("backlog of %d bytes at the end", n)
	}
}

func TestFailedWithoutAFile(t *testing.T) {
	dir := t.TempDir()
	w, err := New(Options{Stdout: create(t, dir+"/o"), Stderr: create(t, dir+"/e"), Doorbell: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	w.Failed([]byte("job\n"))
	if err := w.Close(); err != nil || w.Backlog() != 0 {
		t.Error(err, w.Backlog())
	}
}

// TestCallers hands in from many goroutines: no text is torn.
func TestCallers(t *testing.T) {
	r := start(t, Options{Delim: '\n'})
	line := strings.Repeat("x", 99) + "\n"
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 500 {
				r.Message([]byte(line))
				r.Failed([]byte(line))
				r.Submit([]order.Op{stderr(line), stdout(line)})
				r.Completed(nil)
			}
		})
	}
	callers.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"stdout": 2000, "stderr": 4000, "failed": 2000} {
		if got := r.read(name); got != strings.Repeat(line, n) {
			t.Errorf("%s: %d bytes, or torn", name, len(got))
		}
	}
}

func TestNoSpaceForResults(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	r := start(t, Options{Delim: '\n', Stdout: full})
	r.Submit([]order.Op{stderr("before\n"), stdout("lost\n"), stderr("after\n"), spill(0, "x"), at(order.CopyStdout, 0, 1)})
	r.Failed([]byte("job\n"))
	err = r.Close()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "cannot write results to /dev/full") {
		t.Errorf("error %v", err)
	}
	if done := r.Completed(nil); len(done) != 1 || done[0].Kind != order.Stderr {
		t.Errorf("completed %v: a lost result, or what may carry its receipt", done)
	}
	if r.read("stderr") != "before\nafter\n" || r.read("failed") != "job\n" {
		t.Error("with stdout full, stderr and failed jobs are lost too")
	}
	select {
	case <-r.bell:
	default:
		t.Error("the doorbell did not ring")
	}
}

func TestHushedDoorbell(t *testing.T) {
	r := start(t, Options{})
	written := func(text string) {
		for !strings.HasSuffix(r.read("stdout"), text) {
			runtime.Gosched()
		}
	}
	rung := func() bool {
		select {
		case <-r.bell:
			return true
		default:
			return false
		}
	}
	r.Hush(true)
	r.Submit([]order.Op{stdout("one\n")})
	written("one\n")
	r.Submit([]order.Op{stdout("two\n")})
	written("two\n") // so the first is among the completed
	if rung() {
		t.Error("it rang though nobody waits")
	}
	r.Hush(false)
	if !rung() {
		t.Error("what was carried out meanwhile is not told")
	}
	r.Hush(false)
	if rung() {
		t.Error("it rang twice for the same")
	}
	if n := len(r.Completed(nil)); n == 0 {
		t.Error("nothing is completed")
	}
	r.Hush(true)
	r.Hush(false)
	r.Submit([]order.Op{stdout("three\n")})
	<-r.bell
}

func TestNoSpaceForFailedJobs(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	r := start(t, Options{Delim: '\n', Failed: full})
	r.Failed([]byte("job\n"))
	r.Submit([]order.Op{stdout("one\n")})
	err = r.Close()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "cannot write failed jobs to /dev/full") {
		t.Errorf("error %v", err)
	}
	if len(r.Completed(nil)) != 1 || r.read("stdout") != "one\n" {
		t.Error("results that can be written are not")
	}
}

func TestStderrIsFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	r := start(t, Options{Stderr: full})
	r.Message([]byte("hello\n"))
	r.Submit([]order.Op{stderr("warning\n"), stdout("one\n")})
	if err := r.Close(); err != nil || r.read("stdout") != "one\n" || len(r.Completed(nil)) != 2 {
		t.Errorf("a full stderr ends the run: %v", err)
	}
}

func TestReaderOfStdoutGoes(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pw.Close()
	pr.Close()
	r := start(t, Options{Stdout: pw})
	r.Submit([]order.Op{stdout("one\n"), stdout("two\n")})
	if err := r.Close(); err != ErrClosed {
		t.Errorf("error %v, want ErrClosed", err)
	}
	if done := r.Completed(nil); len(done) != 0 {
		t.Errorf("completed %v", done)
	}
}

// TestStdoutItselfCloses does the same with descriptor 1, where Go's os.File
// would end the process with SIGPIPE.
func TestStdoutItselfCloses(t *testing.T) {
	saved, err := unix.Dup(1)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(saved)
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	pr.Close()
	if err := unix.Dup2(int(pw.Fd()), 1); err != nil {
		t.Fatal(err)
	}
	pw.Close()
	r := start(t, Options{Stdout: os.Stdout})
	r.Submit([]order.Op{stdout("one\n")})
	err = r.Close()
	if err := unix.Dup2(saved, 1); err != nil {
		t.Fatal(err)
	}
	if err != ErrClosed {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

// TestNonBlockingPipe writes more than a pipe holds to a pipe that refuses to
// wait, and leaves it non-blocking: others may share it.
func TestNonBlockingPipe(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fds[1], true); err != nil {
		t.Fatal(err)
	}
	pr, pw := os.NewFile(uintptr(fds[0]), "reader"), os.NewFile(uintptr(fds[1]), "writer")
	defer pr.Close()
	r := start(t, Options{Stdout: pw})
	block := strings.Repeat("0123456789abcde\n", 64<<10) // 1 MiB
	want := strings.Repeat(block, 4)
	go func() {
		r.Submit([]order.Op{stdout(block), stdout(block), stdout(block), stdout(block)})
		r.Close()
		pw.Close()
	}()
	got, err := io.ReadAll(oddReader{pr})
	if err != nil || string(got) != want {
		t.Errorf("read %d of %d bytes, %v", len(got), len(want), err)
	}
	if flags, err := unix.FcntlInt(uintptr(fds[1]), unix.F_GETFL, 0); err == nil && flags&unix.O_NONBLOCK == 0 {
		t.Error("the pipe was made a blocking one")
	}
}

// oddReader reads in odd sizes, so that writes are short.
type oddReader struct{ io.Reader }

func (r oddReader) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 7777)]) }

// TestSlowReader has results wait behind a full pipe while the caller goes on.
func TestSlowReader(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	r := start(t, Options{Stdout: pw})
	block := bytes.Repeat([]byte("x"), 256<<10)
	for range 20 { // 5 MiB: more than any pipe holds; Submit does not wait
		r.Submit([]order.Op{{Kind: order.Stdout, Data: block}})
	}
	line := []byte("message\n")
	r.Message(line)
	clear(line) // the writer has copied it
	if n := r.Backlog(); n != 8 {
		t.Errorf("backlog of %d bytes, want 8", n)
	}
	if done := r.Completed(nil); len(done) >= 20 {
		t.Errorf("%d blocks written to a pipe that nobody reads", len(done))
	}
	closed := make(chan error)
	go func() { err := r.Close(); pw.Close(); closed <- err }()
	if n, err := io.Copy(io.Discard, pr); n != 20*256<<10 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := r.read("stderr"); got != "message\n" {
		t.Errorf("stderr holds %q", got)
	}
}
