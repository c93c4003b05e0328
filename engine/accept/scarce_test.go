package accept

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/message"
)

// troubled fails to accept in every way there is before it does.
type troubled struct {
	net.Listener
	errs []error
}

func (l *troubled) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
	}
	return l.Listener.Accept()
}

func TestAcceptGoesOn(t *testing.T) {
	t.Parallel()
	r := start(t, "127.0.0.1:0", nil)
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Listener = &troubled{l.Listener, []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EPERM,
	}}
	r.addr = l.name
	r.Acceptor = New(r.conf)
	r.listeners = append(r.listeners, l)
	r.Serve()
	defer r.Close()
	talkTo(t, r)
	lines := r.lines()
	if len(lines) != 1 || !strings.Contains(lines[0], "new workers have to wait: too many open files") {
		t.Errorf("the log is %q, want one line", lines)
	}
}

func talkTo(t *testing.T, r *rig) {
	t.Helper()
	w, a := r.join()
	talk(t, w, a)
}

const childVariable = "JOBPIPE_TEST_SCARCE"

// TestScarceChild is the coordinator of TestDescriptorsRunOut. It has few
// descriptors, takes them all or frees them as it is told on stdin, and echoes
// what workers say after their Hello.
func TestScarceChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("runs only as a child")
	}
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 64
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	a := New(Config{
		Keys: func() []codec.Key { return []codec.Key{newKey} },
		Log:  message.New("log", message.Usual, func(line []byte) { os.Stdout.Write(line) }),
		Enroll: func(c net.Conn, _ Peer) {
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		},
	})
	addr, err := a.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.Serve()
	fmt.Println("addr", addr)
	var taken []int
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "take":
			for {
				fd, err := syscall.Dup(0)
				if err != nil {
					break
				}
				taken = append(taken, fd)
			}
		case "free":
			for _, fd := range taken {
				syscall.Close(fd)
			}
			taken = nil
		}
		fmt.Println("done")
	}
	a.Close()
}

func TestDescriptorsRunOut(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^TestScarceChild$")
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(forever, func() { child.Process.Kill() }).Stop()
	defer child.Wait()
	defer in.Close()

	lines := bufio.NewScanner(out)
	await := func(prefix string) string {
		t.Helper()
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("the coordinator ends before it says %q", prefix)
		return ""
	}
	addr := await("addr ")
	join := func() (*worker, error) {
		c, err := dialTo(addr)
		if err != nil {
			return nil, err
		}
		w, err := greet(c, &newKey)
		if err == nil {
			_, err = w.Write(w.hello(hello()))
		}
		return w, err
	}
	echo := func(w *worker) {
		t.Helper()
		b := make([]byte, 5)
		if _, err := w.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(w, b); err != nil || string(b) != "hello" {
			t.Fatalf("the echo is %q (%v)", b, err)
		}
	}

	first, err := join()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	echo(first)
	fmt.Fprintln(in, "take")
	await("done")
	var late *worker
	joined := make(chan error)
	go func() {
		var err error
		late, err = join()
		joined <- err
	}()
	await("log: new workers have to wait: too many open files; those connected go on (ulimit -n is 64)")
	echo(first)
	fmt.Fprintln(in, "free")
	await("done")
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	echo(late)
	echo(first)
	in.Close()
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "log:") {
			t.Errorf("the coordinator also says %q", lines.Text())
		}
	}
}
