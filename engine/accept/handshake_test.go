package accept

import (
	"bytes"
	"encoding/binary"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

func TestLetIn(t *testing.T) {
	insecure := func(a *Acceptor) { a.conf.Insecure = true }
	tests := []struct {
		name string
		addr string // empty: a Unix socket
		key  *codec.Key
		mod  func(*Acceptor)
	}{
		{"with the key", "127.0.0.1:0", &newKey, nil},
		{"with the key before it", "127.0.0.1:0", &oldKey, nil},
		{"insecure", "127.0.0.1:0", nil, insecure},
		{"unix", "", nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			addr := test.addr
			if addr == "" {
				addr = "unix:" + filepath.Join(socketDir(t), "s")
			}
			r := start(t, addr, func(a *Acceptor) {
				a.patience = 5 * time.Second
				if test.mod != nil {
					test.mod(a)
				}
			})
			w, err := greet(r.dial(), test.key)
			if err != nil {
				t.Fatal(err)
			}
			// What follows the Hello at once is still there for the receiver.
			both := append(w.hello(hello()), w.frame(codec.TypePing, []byte("eagerly!"))...)
			if _, err := w.Write(both); err != nil {
				t.Fatal(err)
			}
			a := r.arrived()
			if a.Hello.Name != "anna" || a.Hello.Slots != 2 || a.Version != codec.MaxVersion || a.Local != (test.addr == "") {
				t.Errorf("the peer is %+v", a.Peer)
			}
			want := w.LocalAddr().String()
			if test.addr == "" {
				want = addr
			}
			if a.Addr != want {
				t.Errorf("its address is %q, want %q", a.Addr, want)
			}
			f, err := take(a.Conn, a.Dec)
			if err != nil || f.Type != codec.TypePing || string(f.Payload) != "eagerly!" {
				t.Fatalf("after the hello comes %v %q (%v)", f.Type, f.Payload, err)
			}
			talk(t, w, a)
			time.Sleep(r.patience + short) // the deadline of strangers is not its any more
			talk(t, w, a)
			if lines := r.lines(); len(lines) > 0 {
				t.Errorf("the log is %q", lines)
			}
		})
	}
}

func TestByteByByte(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	c := r.dial()
	drip := func(b []byte) {
		for i := range b {
			if _, err := c.Write(b[i : i+1]); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	o, opening := codec.Start(&newKey)
	drip(opening)
	reply := make([]byte, 54)
	if _, err := io.ReadFull(c, reply); err != nil {
		t.Fatal(err)
	}
	secrets, err := o.Finish(reply)
	if err != nil {
		t.Fatal(err)
	}
	s := codec.NewScratch()
	w := &worker{Conn: c, enc: codec.NewEncoder(s), dec: codec.NewDecoder(s)}
	w.enc.SetCipher(secrets.Send)
	w.dec.SetCipher(secrets.Recv)
	drip(w.hello(hello()))
	talk(t, w, r.arrived())
}

func TestHelloIsTamed(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	w, err := greet(r.dial(), &newKey)
	if err != nil {
		t.Fatal(err)
	}
	h := hello()
	h.Slots = 1 << 31
	h.Name = "\x1b[2Jfoo\r\n\xffbar\u202e baz\x00"
	if _, err := w.Write(w.hello(h)); err != nil {
		t.Fatal(err)
	}
	a := r.arrived()
	if a.Hello.Slots != codec.MaxSlots || a.Hello.Name != "[2Jfoobar baz" {
		t.Errorf("the hello is %+v", a.Hello)
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct{ name, want string }{
		{"node17.example.org", "node17.example.org"},
		{"größe 日本", "größe 日本"},
		{"", "worker"},
		{"\n\t\x00", "worker"},
		{"  ", "worker"},
		{"a\u200bb\u2028c", "abc"},
	}
	for _, test := range tests {
		if got := printable(test.name); got != test.want {
			t.Errorf("printable(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestVersions(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	w, err := greet(r.dial(), &newKey)
	if err != nil {
		t.Fatal(err)
	}
	h := hello()
	h.MinVersion, h.MaxVersion = codec.MaxVersion+2, codec.MaxVersion+3
	if _, err := w.Write(w.hello(h)); err != nil {
		t.Fatal(err)
	}
	f, err := take(w.Conn, w.dec)
	if err != nil || f.Type != codec.TypeRefuse {
		t.Fatalf("the answer is %v (%v), want a refusal", f.Type, err)
	}
	m, err := codec.ParseRefuse(f.Payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{versions(codec.MinVersion, codec.MaxVersion), versions(h.MinVersion, h.MaxVersion)} {
		if !strings.Contains(m.Reason, part) {
			t.Errorf("%q does not mention %q", m.Reason, part)
		}
	}
	if rest := hungUp(t, w.Conn); len(rest) > 0 {
		t.Errorf("after the refusal comes %q", rest)
	}
	r.said("worker anna: the coordinator speaks")
	r.nobody()
}

func TestCommon(t *testing.T) {
	const lo, hi = codec.MinVersion, codec.MaxVersion
	tests := []struct{ min, max, want uint8 }{
		{lo, hi, hi},
		{hi, hi, hi},
		{lo, 255, hi},
		{hi + 1, 255, 0},
		{0, lo - 1, 0},
		{0, lo, lo},
		{hi, lo - 1, 0},
	}
	for _, test := range tests {
		if got := common(codec.Hello{MinVersion: test.min, MaxVersion: test.max}); got != test.want {
			t.Errorf("of %d to %d, version %d is common, want %d", test.min, test.max, got, test.want)
		}
	}
}

// Each of these strangers is hung up on, named in the log, and not let in.
func TestTurnedAway(t *testing.T) {
	text := func(s string) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			c := r.dial()
			if _, err := c.Write([]byte(s)); err != nil {
				t.Fatal(err)
			}
			if answer := hungUp(t, c); len(answer) > 0 {
				t.Errorf("the answer is %q, want none", answer)
			}
		}
	}
	// afterGreeting sends what raw makes of the secure channel.
	afterGreeting := func(raw func(*worker) []byte) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			w, err := greet(r.dial(), &newKey)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(raw(w)); err != nil {
				t.Fatal(err)
			}
			if answer := hungUp(t, w.Conn); len(answer) > 0 {
				t.Errorf("the answer is %q, want none", answer)
			}
		}
	}
	length := func(n uint32) func(*testing.T, *rig) {
		return afterGreeting(func(*worker) []byte {
			return append(binary.LittleEndian.AppendUint32(nil, n), make([]byte, min(n, 100))...)
		})
	}
	verdict := func(key *codec.Key, want byte) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			c := r.dial()
			_, opening := codec.Start(key)
			if _, err := c.Write(opening); err != nil {
				t.Fatal(err)
			}
			if got := hungUp(t, c); len(got) != 6 || got[5] != want {
				t.Errorf("the answer is %q, want verdict %d", got, want)
			}
		}
	}
	tests := []struct {
		name string
		mod  func(*Acceptor)
		do   func(*testing.T, *rig)
		log  string
	}{
		{"http", nil, text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), `begins with "GET / "`},
		{"tls", nil, text("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), `begins with "\x16\x03\x01\x02\x00\x01"`},
		{"ssh", nil, text("SSH-2.0-OpenSSH_9.9\r\n"), `begins with "SSH-2."`},
		{"escape codes", nil, text("\x1b[2J\x1b[H"), `begins with "\x1b[2J\x1b["`},
		{"zeros without end", nil, func(t *testing.T, r *rig) {
			c := r.dial()
			zeros := make([]byte, 1<<20)
			for range 1 << 10 {
				if _, err := c.Write(zeros); err != nil {
					return
				}
			}
			t.Error("a gigabyte is taken")
		}, "is not a jobpipe worker"},
		{"unknown security", nil, func(t *testing.T, r *rig) {
			c := r.dial()
			c.Write([]byte("JOBP\x01\x07"))
			if got := hungUp(t, c); len(got) > 5 && got[5] == 0 {
				t.Errorf("the answer is %q", got)
			}
		}, "refused 127.0.0.1:"},
		{"leaves in the middle", nil, func(t *testing.T, r *rig) {
			_, opening := codec.Start(&newKey)
			for _, n := range []int{1, 5, 6, 20, 53} {
				c := r.dial()
				c.Write(opening[:n])
				c.(interface{ CloseWrite() error }).CloseWrite()
				hungUp(t, c)
			}
		}, "left in the middle of its hello"},
		{"silence", impatient, func(t *testing.T, r *rig) { hungUp(t, r.dial()) }, "took too long"},
		{"silence after the opening", impatient, func(t *testing.T, r *rig) {
			w, err := greet(r.dial(), &newKey)
			for end := time.Now().Add(forever); err != nil && time.Now().Before(end); { // we may be too slow for that, too
				w, err = greet(r.dial(), &newKey)
			}
			if err != nil {
				t.Fatal(err)
			}
			if answer := hungUp(t, w.Conn); len(answer) > 0 {
				t.Errorf("the answer is %q, want none", answer)
			}
		}, "took too long"},
		{"slow loris", impatient, func(t *testing.T, r *rig) {
			c := r.dial()
			_, opening := codec.Start(&newKey)
			for _, b := range bytes.Repeat(opening, 100) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(short / 10)
			}
			t.Error("each byte prolongs its time")
		}, "took too long"},
		{"wrong key", nil, verdict(&otherKey, 3), "key"},
		{"no key", nil, verdict(nil, 1), "key"},
		{"key where there is none", func(a *Acceptor) { a.conf.Insecure = true }, verdict(&newKey, 2), "key"},
		{"no key at either end", func(a *Acceptor) { a.conf.Keys = func() []codec.Key { return nil } }, verdict(nil, 1), "key"},
		{"replay", nil, func(t *testing.T, r *rig) {
			w, err := greet(r.dial(), &newKey)
			if err != nil {
				t.Fatal(err)
			}
			sealed := w.hello(hello())
			if _, err := w.Write(sealed); err != nil {
				t.Fatal(err)
			}
			r.arrived()
			c := r.dial()
			c.Write(w.opening)
			c.Write(sealed)
			hungUp(t, c)
		}, "refused 127.0.0.1:"},
		{"reflection", nil, func(t *testing.T, r *rig) {
			w, err := greet(r.dial(), &newKey)
			if err != nil {
				t.Fatal(err)
			}
			c := r.dial()
			back := append([]byte(nil), w.reply...)
			back[5] = 1
			c.Write(back)
			if got := hungUp(t, c); len(got) != 6 || got[5] == 0 {
				t.Errorf("our own reply is answered with %q", got)
			}
		}, "refused 127.0.0.1:"},
		{"length 0", nil, length(0), "refused"},
		{"length 1", nil, length(1), "refused"},
		{"length 17", nil, length(17), "refused"},
		{"length of more than is left", nil, length(200), "sent more than 256 bytes"},
		{"length 257", nil, length(257), "a hello of 257 bytes"},
		{"length 2³¹−1", nil, length(1<<31 - 1), "a hello of 2147483647 bytes"},
		{"length 2³²−1", nil, length(1<<32 - 1), "a hello of 4294967295 bytes"},
		{"flipped bit", nil, afterGreeting(func(w *worker) []byte {
			b := w.hello(hello())
			b[len(b)/2] ^= 4
			return b
		}), "refused"},
		{"not sealed", nil, afterGreeting(func(w *worker) []byte {
			return codec.NewEncoder(codec.NewScratch()).Append(nil, codec.TypeHello, codec.AppendHello(nil, hello()))
		}), "refused"},
		{"another frame", nil, afterGreeting(func(w *worker) []byte {
			return w.frame(codec.TypePing, []byte("12345678"))
		}), "something else than a hello"},
		{"malformed hello", nil, afterGreeting(func(w *worker) []byte {
			return w.frame(codec.TypeHello, []byte{1})
		}), "refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, "127.0.0.1:0", test.mod)
			test.do(t, r)
			if test.log != "" {
				r.said(test.log)
			}
			r.nobody()
			r.Close()
			if r.held > 1 || len(r.strangers) > 0 || len(r.gate.inside) != 0 { // the replay's model is held
				t.Errorf("%d connections, %d strangers, %d at the gate are left", r.held, len(r.strangers), len(r.gate.inside))
			}
			for _, line := range r.lines() {
				if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f }) {
					t.Errorf("the log holds control characters: %q", line)
				}
			}
		})
	}
}

func impatient(a *Acceptor) { a.patience = short }

// A port scan is not worth a line.
func TestSilentLeave(t *testing.T) {
	r := start(t, "127.0.0.1:0", nil)
	for range 3 {
		c := r.dial()
		c.(interface{ CloseWrite() error }).CloseWrite()
		hungUp(t, c)
	}
	r.Close()
	if lines := r.lines(); len(lines) > 0 {
		t.Errorf("the log is %q", lines)
	}
}

// Keys may change while workers run: those inside stay, new ones need the new key.
func TestRotation(t *testing.T) {
	keys := make(chan []codec.Key, 3)
	r := start(t, "127.0.0.1:0", func(a *Acceptor) {
		a.conf.Keys = func() []codec.Key { return <-keys }
	})
	keys <- []codec.Key{oldKey}
	w, err := greet(r.dial(), &oldKey)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(w.hello(hello()))
	a := r.arrived()
	keys <- []codec.Key{newKey}
	if _, err := greet(r.dial(), &oldKey); err == nil {
		t.Error("the old key is accepted")
	}
	keys <- []codec.Key{newKey}
	if _, err := greet(r.dial(), &newKey); err != nil {
		t.Error(err)
	}
	talk(t, w, a)
}
