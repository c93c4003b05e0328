package accept

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// join brings a worker in.
func (r *rig) join() (*worker, arrival) {
	r.t.Helper()
	w, err := greet(r.dial(), &newKey)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := w.Write(w.hello(hello())); err != nil {
		r.t.Fatal(err)
	}
	return w, r.arrived()
}

func TestAllowed(t *testing.T) {
	tests := []struct{ limit, descriptors, want int }{
		{0, 1024, 860},
		{0, 20000, 19836},
		{100, 1024, 100},
		{5000, 1024, 860},
		{0, 256, 92},
		{0, 170, 42},
		{0, 64, 16},
		{0, 2, 1},
		{7, 0, 1},
	}
	for _, test := range tests {
		if got := allowed(test.limit, test.descriptors); got != test.want {
			t.Errorf("with a limit of %d and %d descriptors, %d are allowed, want %d", test.limit, test.descriptors, got, test.want)
		}
	}
}

// The runtime raises the limit; the doc comment of the package relies on it.
func TestSoftLimitIsRaised(t *testing.T) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		t.Fatal(err)
	}
	if r.Cur < r.Max && r.Cur < 10240 { // more than that, no system's own limit on a process holds back
		t.Errorf("the limit is %d, and could be %d", r.Cur, r.Max)
	}
}

// Two hundred strangers who are at it all the time do not keep a worker out.
func TestFlood(t *testing.T) {
	r := start(t, "127.0.0.1:0", impatient)
	var stop atomic.Bool
	var hostile sync.WaitGroup
	defer hostile.Wait()
	defer stop.Store(true)
	_, opening := codec.Start(&otherKey)
	for i := range 200 {
		hostile.Go(func() {
			from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%20))}
			for !stop.Load() {
				c, err := (&net.Dialer{LocalAddr: from, Timeout: forever}).Dial("tcp", r.addr)
				if errors.Is(err, syscall.EADDRNOTAVAIL) {
					c, err = dialTo(r.addr) // not all systems have all of 127/8
				}
				if err != nil {
					time.Sleep(20 * time.Millisecond)
					continue
				}
				c.SetDeadline(time.Now().Add(time.Second))
				switch i % 4 {
				case 0:
					c.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
				case 1:
					c.Write(opening)
				case 2:
					c.Write(opening[:7])
				}
				io.Copy(io.Discard, c)
				c.Close()
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	inside := func() int {
		r.Acceptor.mu.Lock()
		defer r.Acceptor.mu.Unlock()
		return len(r.gate.inside)
	}
	end := time.Now().Add(forever)
	for inside() < maxPerSource && time.Now().Before(end) {
		time.Sleep(time.Millisecond)
	}
	// A hello that is sent may come too late: who is in is answered.
	var entered atomic.Int32
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case a := <-r.in:
				entered.Add(1)
				if f, err := take(a.Conn, a.Dec); err == nil {
					a.Write(a.Enc.Append(nil, codec.TypePong, f.Payload))
				}
				defer a.Close()
			case <-over:
				return
			}
		}
	}()
	const workers = 5
	for tries, in := 1, 0; in < workers; tries++ {
		c := r.dial()
		w, err := greet(c, &newKey)
		if err == nil {
			_, err = w.Write(append(w.hello(hello()), w.frame(codec.TypePing, []byte("12345678"))...))
		}
		if err == nil {
			_, err = take(c, w.dec)
		}
		if err == nil {
			in++
			t.Logf("in after %d tries, with %d strangers inside", tries, inside())
			end = time.Now().Add(forever)
			continue
		}
		c.Close()
		if time.Now().After(end) {
			t.Fatalf("the worker does not get in; last: %v", err)
		}
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
	}
	if n := entered.Load(); n != workers {
		t.Errorf("%d are let in, %d of them workers", n, workers)
	}
	if n := len(r.lines()); n > maxLines {
		t.Errorf("the log has %d lines", n)
	}
}

// A worker that is turned away because of the crowd learns that it may come again.
func TestBusy(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	var crowd []net.Conn
	answers := make(chan []byte) // to those who are hung up on
	come := func() {
		c := r.dial()
		crowd = append(crowd, c)
		go func() {
			b, _ := io.ReadAll(c)
			answers <- b
		}()
	}
	for range maxPerSource {
		come()
	}
	come()
	got := <-answers
	for end := time.Now().Add(forever); len(got) == 0 && time.Now().Before(end); got = <-answers {
		come() // one of the crowd was silent for too long, and has lost its place
	}
	if len(got) != 6 || got[5] != 5 {
		t.Errorf("the answer is %q, want verdict 5", got)
	}
	r.said("too many try to connect at once")
	for _, c := range crowd {
		c.(*net.TCPConn).CloseWrite()
	}
	for range maxPerSource {
		<-answers
	}
	r.join()
}

func TestUnixHasNoCrowd(t *testing.T) {
	r := start(t, "unix:"+filepath.Join(socketDir(t), "s"), nil)
	for range maxStrangers + 10 {
		r.dial()
	}
	w, err := greet(r.dial(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(w.hello(hello()))
	talk(t, w, r.arrived())
}

func TestLimit(t *testing.T) {
	const limit = 3
	r := start(t, "127.0.0.1:0", func(a *Acceptor) { a.limit = limit })
	for range limit {
		r.join()
	}
	r.said("3 connections are open, which is the limit")
	c, in := r.dial(), make(chan error)
	go func() {
		late, err := greet(c, &newKey)
		if err == nil {
			_, err = late.Write(late.hello(hello()))
		}
		in <- err
	}()
	time.Sleep(short)
	r.nobody()
	r.Left()
	if err := <-in; err != nil {
		t.Fatal(err)
	}
	r.arrived()
	r.Acceptor.mu.Lock()
	defer r.Acceptor.mu.Unlock()
	if r.held != limit {
		t.Errorf("%d connections are counted, want %d", r.held, limit)
	}
}

func TestTwoAddresses(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	path := "unix:" + filepath.Join(socketDir(t), "s")
	second := New(r.conf)
	tcp, err := second.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Listen(path); err != nil {
		t.Fatal(err)
	}
	second.Serve()
	defer second.Close()
	for addr, key := range map[string]*codec.Key{tcp: &newKey, path: nil} {
		c, err := dialTo(addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		w, err := greet(c, key)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(w.hello(hello()))
		talk(t, w, r.arrived())
	}
}

func TestClose(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	for _, addr := range []string{"127.0.0.1:0", "unix:" + path} {
		r := start(t, addr, func(a *Acceptor) { a.conf.Insecure = true })
		inside, err := greet(r.dial(), nil)
		if err != nil {
			t.Fatal(err)
		}
		inside.Write(inside.hello(hello()))
		a := r.arrived()
		silent := r.dial()
		half, err := greet(r.dial(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		hungUp(t, silent)
		hungUp(t, half.Conn)
		r.nobody()
		talk(t, inside, a)
		a.Close()
		r.Left()
		if c, err := dialTo(r.addr); err == nil {
			c.Close()
			t.Errorf("%s still accepts", r.addr)
		}
		r.Close()
		if r.held != 0 {
			t.Errorf("%d connections are counted", r.held)
		}
		if lines := r.lines(); len(lines) > 0 {
			t.Errorf("the log is %q", lines)
		}
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket stays behind (%v)", err)
	}
}

// Close does not return while a worker is being handed over.
func TestCloseWaits(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	var done atomic.Bool
	r := start(t, "127.0.0.1:0", func(a *Acceptor) {
		a.conf.Enroll = func(c net.Conn, _ Peer) {
			close(entered)
			<-leave
			done.Store(true)
			c.Close()
		}
	})
	w, err := greet(r.dial(), &newKey)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(w.hello(hello()))
	<-entered
	time.AfterFunc(short, func() { close(leave) })
	r.Close()
	if !done.Load() {
		t.Error("Close returned before Enroll did")
	}
}

func TestCloseAtTheLimit(t *testing.T) {
	r := start(t, "127.0.0.1:0", func(a *Acceptor) { a.limit = 1 })
	r.join()
	r.said("which is the limit")
	r.Close()
}

// abroad makes connections appear to come from another machine.
type abroad struct{ net.Listener }

type foreign struct{ net.Conn }

func (foreign) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7} }

func (l abroad) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return foreign{c}, nil
}

// Who has the key is never in penalty, and takes it from its source.
func TestStrikes(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Listener = abroad{l.Listener}
	r.addr = l.name
	r.Acceptor = New(r.conf)
	r.listeners = append(r.listeners, l)
	r.Serve()
	defer r.Close()

	strikes := func() int {
		r.Acceptor.mu.Lock()
		defer r.Acceptor.mu.Unlock()
		if s := r.gate.sources[ip("192.0.2.1")]; s != nil {
			return s.strikes
		}
		return 0
	}
	wrong := func() {
		t.Helper()
		c := r.dial()
		if _, err := greet(c, &otherKey); err == nil {
			t.Fatal("the wrong key is accepted")
		}
		hungUp(t, c)
	}
	settle := func() { // until the last stranger has left the gate
		for end := time.Now().Add(forever); time.Now().Before(end); time.Sleep(time.Millisecond) {
			r.Acceptor.mu.Lock()
			open := len(r.gate.inside)
			r.Acceptor.mu.Unlock()
			if open == 0 {
				return
			}
		}
		t.Fatal("a stranger stays")
	}

	wrong()
	settle()
	wrong() // in penalty it may still try
	settle()
	if got := strikes(); got != 2 {
		t.Fatalf("%d strikes, want 2", got)
	}
	w, err := greet(r.dial(), &newKey)
	if err != nil {
		t.Fatal(err)
	}
	old := hello()
	old.MinVersion, old.MaxVersion = codec.MaxVersion+1, codec.MaxVersion+1
	w.Write(w.hello(old))
	hungUp(t, w.Conn)
	settle()
	if got := strikes(); got != 0 {
		t.Errorf("%d strikes after the key was shown", got)
	}
	r.said("refused 192.0.2.1:7: ")
}
