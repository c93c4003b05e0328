package accept

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/message"
)

const (
	// forever is longer than anything takes, even if the machine stands still for a while.
	forever = 2 * time.Minute
	short   = 300 * time.Millisecond
)

var (
	newKey   = codec.Key{0: 1, 31: 1}
	oldKey   = codec.Key{0: 2, 31: 2}
	otherKey = codec.Key{0: 3, 31: 3}
)

// arrival is what Enroll was called with.
type arrival struct {
	net.Conn
	Peer
}

// rig is an Acceptor on one address, with what came out of it.
type rig struct {
	*Acceptor
	t    *testing.T
	addr string
	in   chan arrival

	mu  sync.Mutex
	log []string
}

func start(t *testing.T, addr string, mod func(*Acceptor)) *rig {
	t.Helper()
	r := &rig{t: t, in: make(chan arrival, 1000)}
	r.Acceptor = New(Config{
		Keys:   func() []codec.Key { return []codec.Key{newKey, oldKey} },
		Enroll: func(c net.Conn, p Peer) { r.in <- arrival{c, p} },
		Log: message.New("jobpipe", message.Usual, func(line []byte) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.log = append(r.log, strings.TrimSuffix(string(line), "\n"))
		}),
	})
	r.patience = forever
	if mod != nil {
		mod(r.Acceptor)
	}
	var err error
	if r.addr, err = r.Listen(addr); err != nil {
		t.Fatal(err)
	}
	r.Serve()
	t.Cleanup(r.Close)
	return r
}

// dial connects to the rig.
func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := dialTo(r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

func dialTo(addr string) (net.Conn, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	c, err := net.DialTimeout(network, addr, forever)
	if err == nil {
		c.SetDeadline(time.Now().Add(forever))
	}
	return c, err
}

// arrived waits for the next worker to be let in.
func (r *rig) arrived() arrival {
	r.t.Helper()
	select {
	case a := <-r.in:
		r.t.Cleanup(func() { a.Close() })
		a.SetReadDeadline(time.Now().Add(forever))
		return a
	case <-time.After(forever):
		r.t.Fatalf("nobody is let in; the log: %q", r.lines())
		panic("unreachable")
	}
}

func (r *rig) nobody() {
	r.t.Helper()
	select {
	case a := <-r.in:
		r.t.Errorf("%+v is let in", a.Peer)
	default:
	}
}

func (r *rig) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.log...)
}

// said waits for a line of the log that holds text.
func (r *rig) said(text string) {
	r.t.Helper()
	for end := time.Now().Add(forever); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for _, line := range r.lines() {
			if strings.Contains(line, text) {
				return
			}
		}
	}
	r.t.Fatalf("the log is %q, want a line with %q", r.lines(), text)
}

// hungUp waits until the other side has closed the connection, and returns what
// came before.
func hungUp(t *testing.T, c net.Conn) []byte {
	t.Helper()
	b, err := io.ReadAll(c)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Fatal("the connection stays open")
	}
	return b
}

// worker is the other end of a connection.
type worker struct {
	net.Conn
	enc     *codec.Encoder
	dec     *codec.Decoder
	opening []byte
	reply   []byte
}

// greet does the handshake up to the Hello, which is left out.
func greet(c net.Conn, key *codec.Key) (*worker, error) {
	o, opening := codec.Start(key)
	w := &worker{Conn: c, opening: opening, reply: make([]byte, 6)}
	if _, err := c.Write(opening); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c, w.reply); err != nil {
		return nil, err
	}
	if key != nil && w.reply[5] == 0 {
		w.reply = append(w.reply, make([]byte, 48)...)
		if _, err := io.ReadFull(c, w.reply[6:]); err != nil {
			return nil, err
		}
	}
	secrets, err := o.Finish(w.reply)
	if err != nil {
		return nil, err
	}
	s := codec.NewScratch()
	w.enc, w.dec = codec.NewEncoder(s), codec.NewDecoder(s)
	w.enc.SetCipher(secrets.Send)
	w.dec.SetCipher(secrets.Recv)
	return w, nil
}

func hello() codec.Hello {
	return codec.Hello{MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion, Slots: 2, Name: "anna"}
}

func (w *worker) frame(t codec.Type, payload ...[]byte) []byte {
	return w.enc.Append(nil, t, payload...)
}

func (w *worker) hello(h codec.Hello) []byte {
	return w.frame(codec.TypeHello, codec.AppendHello(nil, h))
}

// take reads one frame.
func take(c net.Conn, d *codec.Decoder) (codec.Frame, error) {
	var buf []byte
	for {
		if f, n, err := d.Next(buf); err != nil || n > 0 {
			if n > 0 && n != len(buf) {
				err = errors.New("read more than a frame")
			}
			return f, err
		}
		b := make([]byte, 1)
		if _, err := c.Read(b); err != nil {
			return codec.Frame{}, err
		}
		buf = append(buf, b...)
	}
}

// talk sends a frame each way and checks that it arrives.
func talk(t *testing.T, w *worker, a arrival) {
	t.Helper()
	if _, err := w.Write(w.frame(codec.TypePing, []byte("12345678"))); err != nil {
		t.Fatal(err)
	}
	f, err := take(a.Conn, a.Dec)
	if err != nil || f.Type != codec.TypePing || !bytes.Equal(f.Payload, []byte("12345678")) {
		t.Fatalf("the coordinator reads %v %q (%v)", f.Type, f.Payload, err)
	}
	if _, err := a.Write(a.Enc.Append(nil, codec.TypePong, []byte("87654321"))); err != nil {
		t.Fatal(err)
	}
	f, err = take(w.Conn, w.dec)
	if err != nil || f.Type != codec.TypePong || !bytes.Equal(f.Payload, []byte("87654321")) {
		t.Fatalf("the worker reads %v %q (%v)", f.Type, f.Payload, err)
	}
}

// socketDir is a directory with a path short enough for sockets.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jp")
	if err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
