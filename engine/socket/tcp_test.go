package socket

import (
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestSplit(t *testing.T) {
	tests := []struct{ addr, want, err string }{
		{"9000", "127.0.0.1:9000", ""},
		{":9000", ":9000", ""},
		{"localhost:9000", "localhost:9000", ""},
		{"0.0.0.0:0", "0.0.0.0:0", ""},
		{"[::1]:9000", "[::1]:9000", ""},
		{"::1:9000", "", "in brackets"},
		{"::", "", "in brackets"},
		{"", "", "not a number"},
		{":", "", "not a number"},
		{"host:", "", "not a number"},
		{"localhost", "", "not a number"},
		{":http", "", "not a number"},
		{":65536", "", "not a number"},
		{":-1", "", "not a number"},
		{"[::1:9000", "", "in brackets"},
		{"[host", "", "not a number"},
		{"]:9000", "", "is this or that"},
	}
	for _, test := range tests {
		host, port, err := Split(test.addr, "this or that")
		switch got := net.JoinHostPort(host, port); {
		case test.err == "" && (err != nil || got != test.want):
			t.Errorf("%q becomes %q (%v), want %q", test.addr, got, err, test.want)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%q: error is %v, want one with %q", test.addr, err, test.err)
		}
	}
}

func TestListen(t *testing.T) {
	refused := func(host, port, want string) {
		t.Helper()
		l, err := Listen(host, port, "write this instead")
		if err == nil {
			l.Close()
			t.Fatalf("%s:%s can be listened on", host, port)
		}
		if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "\n") {
			t.Errorf("error is %q, want one line with %q", text, want)
		}
	}
	l, err := Listen("127.0.0.1", "0", "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil || host != "127.0.0.1" || port == "0" {
		t.Fatalf("bound to %q (%v)", l.Addr(), err)
	}
	refused(host, port, "another program has this port")
	refused("192.0.2.1", "0", "no such address; write this instead")
	refused("no-such-host.invalid", "0", "cannot listen on no-such-host.invalid:0")
	if got := explain(":80", syscall.EACCES, "").Error(); !strings.Contains(got, "above 1023") {
		t.Errorf("a privileged port: %q", got)
	}
	l.Close()
	again, err := Listen(host, port, "")
	if err != nil {
		t.Fatalf("after closing: %v", err)
	}
	again.Close()
}
