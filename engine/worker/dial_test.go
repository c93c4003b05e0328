package worker

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A door is where workers knock, each time with what it is told to answer.
type door struct {
	t        *testing.T
	ln       net.Listener
	addr     string
	keys     []codec.Key
	insecure bool
}

func newDoor(t *testing.T, network string) *door {
	t.Helper()
	place, prefix := "127.0.0.1:0", ""
	if network == "unix" {
		place, prefix = filepath.Join(t.TempDir(), "door"), "unix:"
	}
	ln, err := net.Listen(network, place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return &door{t: t, ln: ln, addr: prefix + ln.Addr().String(), insecure: network == "unix"}
}

// accept takes the next connection.
func (d *door) accept() net.Conn {
	d.t.Helper()
	if l, ok := d.ln.(interface{ SetDeadline(time.Time) error }); ok {
		_ = l.SetDeadline(time.Now().Add(patience))
	}
	conn, err := d.ln.Accept()
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	return conn
}

// opening reads what a worker says first.
func (d *door) opening(conn net.Conn) []byte {
	d.t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 6, 100)
	if _, err := io.ReadFull(conn, b); err != nil {
		d.t.Fatal(err)
	}
	b = b[:codec.OpeningLen(b[5])]
	if _, err := io.ReadFull(conn, b[6:]); err != nil {
		d.t.Fatal(err)
	}
	return b
}

// answer takes the next connection and answers as a coordinator does. It returns
// nil when the worker is not let in.
func (d *door) answer() *coordinator {
	d.t.Helper()
	return d.open(d.accept())
}

// open answers on a connection that was accepted.
func (d *door) open(conn net.Conn) *coordinator {
	d.t.Helper()
	reply, secrets, err := codec.Respond(d.keys, d.insecure, d.opening(conn))
	c := play(d.t, conn)
	if werr := c.write(reply); werr != nil {
		d.t.Fatal(werr)
	}
	if err != nil {
		conn.Close()
		return nil
	}
	c.enc.SetCipher(secrets.Send)
	c.dec.SetCipher(secrets.Recv)
	return c
}

// letIn takes the next connection up to the welcome.
func (d *door) letIn() *coordinator {
	d.t.Helper()
	c := d.answer()
	if c == nil {
		d.t.Fatal("the worker has the wrong key")
	}
	c.hello()
	c.welcome(usual())
	return c
}

// A runner is a worker that Run keeps going.
type runner struct {
	t      *testing.T
	ended  chan error
	cancel context.CancelFunc
	logged *log
}

func start(t *testing.T, cfg Config) *runner {
	ctx, cancel := context.WithCancel(context.Background())
	r := &runner{t: t, ended: make(chan error, 1), cancel: cancel, logged: &log{}}
	cfg.Log = r.logged.log()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r.ended <- Run(ctx, cfg)
	}()
	t.Cleanup(func() {
		cancel()
		<-gone
	})
	return r
}

func (r *runner) end() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(patience):
		r.t.Fatal("Run does not return")
		return nil
	}
}

// ends waits for Run to return an error that wraps want and has text in it.
func (r *runner) ends(want error, text string) {
	r.t.Helper()
	err := r.end()
	if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		r.t.Errorf("got %v, want one with %q", err, text)
	}
}

func TestKeys(t *testing.T) {
	ours, theirs := codec.Key{1}, codec.Key{2}
	for _, c := range []struct {
		name     string
		network  string
		keys     []codec.Key // of the coordinator; none: insecure
		key      *codec.Key
		insecure bool
		refused  string
	}{
		{"the same", "tcp", []codec.Key{ours}, &ours, false, ""},
		{"one of two", "tcp", []codec.Key{theirs, ours}, &ours, false, ""},
		{"others", "tcp", []codec.Key{theirs}, &ours, false, "another key"},
		{"one is needed", "tcp", []codec.Key{ours}, &ours, true, "without a key"},
		{"there is none", "tcp", nil, &ours, false, "--insecure"},
		{"none on both sides", "tcp", nil, &ours, true, ""},
		{"none inside a machine", "unix", nil, &ours, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, c.network)
			d.keys, d.insecure = c.keys, c.keys == nil
			cfg := config(t, "cat")
			cfg.Connect, cfg.Key, cfg.Insecure = []string{d.addr}, c.key, c.insecure
			r := start(t, cfg)
			if c.refused != "" {
				d.answer()
				r.ends(ErrRefused, c.refused)
				return
			}
			b := d.letIn()
			b.jobs(1, 1, "secret")
			if got := b.result(); string(got.Stdout) != "secret\n" {
				t.Errorf("got %q", got.Stdout)
			}
			b.over(0)
			b.slots(0)
			b.goodbye(done)
			if err := r.end(); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What a coordinator that accepts our key and does not have it could say.
func TestFalseCoordinator(t *testing.T) {
	for name, reply := range map[string]string{
		"a key that is none": "JOBP\x01\x00" + strings.Repeat("x", 48),
		"another service":    "HTTP/1.1 400 Bad Request",
		"another version":    "JOBP\x09\x04",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, "tcp")
			cfg := config(t, "cat")
			cfg.Connect, cfg.Key = []string{d.addr}, &codec.Key{1}
			r := start(t, cfg)
			conn := d.accept()
			d.opening(conn)
			if _, err := conn.Write([]byte(reply)); err != nil {
				t.Fatal(err)
			}
			r.ends(ErrRefused, d.addr)
		})
	}
}
