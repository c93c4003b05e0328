package watch

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

func TestAddresses(t *testing.T) {
	for addr, want := range map[string]struct {
		url    string
		public bool
	}{
		"0":           {"http://127.0.0.1:", false},
		":0":          {"http://127.0.0.1:", false},
		"127.0.0.1:0": {"http://127.0.0.1:", false},
		"0.0.0.0:0":   {"http://localhost:", true},
	} {
		s, err := Open(addr)
		if err != nil {
			t.Errorf("%q: %v", addr, err)
			continue
		}
		if !strings.HasPrefix(s.URL(), want.url) || s.Public() != want.public {
			t.Errorf("%q is at %s, public: %v", addr, s.URL(), s.Public())
		}
		s.Close(nil)
	}
	if s, err := Open("[::1]:0"); err == nil {
		if !strings.HasPrefix(s.URL(), "http://[::1]:") || s.Public() {
			t.Errorf("[::1]:0 is at %s, public: %v", s.URL(), s.Public())
		}
		s.Close(nil)
	}
}

func TestBadAddresses(t *testing.T) {
	r := start(t)
	taken := strings.TrimSuffix(strings.TrimPrefix(r.URL(), "http://"), "/")
	for addr, want := range map[string]string{
		taken:           "another program has this port",
		"":              "the port is not a number",
		"unix:/tmp/s":   "the port is not a number",
		"192.0.2.1:0":   "no such address; leave the host out",
		"]:9000":        "an address is host:port, :port or port",
		"http://a:8080": "in brackets", // as for any with two colons
	} {
		s, err := Open(addr)
		if err == nil {
			s.Close(nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error is %v, want one line with %q", addr, err, want)
		}
	}
}

func TestHealth(t *testing.T) {
	r := start(t)
	if status, body := r.get("/healthz"); status != 200 || body != "running\n" {
		t.Errorf("%d %q", status, body)
	}
	time.Sleep(fresh)
	r.run.Store(nil)
	if status, body := r.get("/healthz"); status != 503 || !strings.Contains(body, "deadline") {
		t.Errorf("of a loop that does not answer: %d %q", status, body)
	}
	if status, _ := r.get("/metrics"); status != 503 {
		t.Errorf("figures of a loop that does not answer: %d", status)
	}
}

// It can only be looked at, and a browser is told to do nothing else.
func TestReadOnly(t *testing.T) {
	r := start(t)
	for _, path := range []string{"/", "/page.js", "/healthz", "/metrics"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "BREW"} {
			if got, _ := r.ask(method, path, nil); got.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %s", method, path, got.Status)
			}
		}
		got, body := r.ask("HEAD", path, nil)
		if got.StatusCode != 200 || body != "" {
			t.Errorf("HEAD %s: %s %q", path, got.Status, body)
		}
		for name, value := range headers {
			if got.Header.Get(name) != value {
				t.Errorf("%s: header %s is %q", path, name, got.Header.Get(name))
			}
		}
	}
	if status, _ := r.get("/../../etc/passwd"); status != 404 {
		t.Errorf("something else: %d", status)
	}
}

func TestWhoIsTurnedAway(t *testing.T) {
	r := start(t)
	host := func(name string) func(*http.Request) { return func(q *http.Request) { q.Host = name } }
	fetch := func(site, mode string) func(*http.Request) {
		return func(q *http.Request) {
			q.Header.Set("Sec-Fetch-Site", site)
			q.Header.Set("Sec-Fetch-Mode", mode)
		}
	}
	for _, test := range []struct {
		name string
		mod  func(*http.Request)
		want int
	}{
		{"itself", nil, 200},
		{"a name of loopback", host("localhost:1234"), 200},
		{"another of them", host("Run.LOCALHOST"), 200},
		{"IPv6", host("[::1]:80"), 200},
		{"a number, as a tunnel may have it", host("192.0.2.1:80"), 200},
		{"a name that has come to mean this machine", host("example.com"), 403},
		{"one that looks like ours", host("localhost.example.com"), 403},
		{"one that looks like a number", host("127.0.0.1.example.com:80"), 403},
		{"its own page", fetch("same-origin", "cors"), 200},
		{"what was typed", fetch("none", "navigate"), 200},
		{"a link from elsewhere", fetch("cross-site", "navigate"), 200},
		{"another page's script", fetch("cross-site", "cors"), 403},
		{"another port's script", fetch("same-site", "no-cors"), 403},
	} {
		if got, body := r.ask("GET", "/healthz", test.mod); got.StatusCode != test.want {
			t.Errorf("%s: %s %q", test.name, got.Status, body)
		}
	}
}

// However many connect, no more than a number have a connection, and who leaves
// makes room.
func TestConnectionsAreBounded(t *testing.T) {
	r := start(t)
	addr := r.listener.Addr().String()
	open := func() (net.Conn, bool) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(tolerance))
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		got, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
		return c, err == nil && got.StatusCode == 200
	}
	var inside []net.Conn
	defer func() {
		for _, c := range inside {
			c.Close()
		}
	}()
	for range mostConnections {
		c, answered := open()
		if inside = append(inside, c); !answered {
			t.Fatalf("connection %d is not answered", len(inside))
		}
	}
	c, answered := open()
	c.Close()
	if answered {
		t.Error("one more is answered")
	}
	inside[0].Close()
	for deadline := time.Now().Add(tolerance); ; time.Sleep(time.Millisecond) {
		c, answered := open()
		c.Close()
		if answered {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("who leaves makes no room")
		}
	}
}

// Those who ask at about the same time get the same answer, which is asked for once.
func TestLooksAreShared(t *testing.T) {
	r := start(t)
	began := time.Now()
	for range 100 {
		r.get("/healthz")
	}
	if most := 1 + int32(time.Since(began)/fresh); r.asked.Load() > most {
		t.Errorf("the event loop was asked %d times, want %d at most", r.asked.Load(), most)
	}
}

func TestClose(t *testing.T) {
	r := start(t)
	addr := r.listener.Addr().String()
	r.Close(&live.Run{State: live.Over})
	r.Close(nil)
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("it still listens")
	}
	s, err := Open(addr)
	if err != nil {
		t.Fatal(err)
	}
	s.Close(nil) // which was never served
	if s, err = Open(addr); err != nil {
		t.Fatal(err)
	}
	s.Close(nil)
}
