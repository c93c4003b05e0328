package accept

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// listener is one open address.
type listener struct {
	net.Listener
	name  string // as a worker would write it
	local bool   // a Unix socket: whoever may open it needs no key
	clean func() // after closing; may be nil
}

func (l *listener) close() {
	_ = l.Listener.Close()
	if l.clean != nil {
		l.clean()
	}
}

// listen opens an address: host:port, :port for all addresses of the machine,
// a port alone for loopback only, or unix:PATH.
func listen(addr string) (*listener, error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return listenUnix(path)
	}
	where, err := tcpAddress(addr)
	if err != nil {
		return nil, err
	}
	var conf net.ListenConfig
	conf.SetMultipathTCP(false) // plain sockets are what the event loop knows
	l, err := conf.Listen(context.Background(), "tcp", where)
	if err != nil {
		return nil, explain(addr, err)
	}
	return &listener{Listener: l, name: l.Addr().String()}, nil
}

// tcpAddress checks addr and gives a port alone its host.
func tcpAddress(addr string) (string, error) {
	host, port := "127.0.0.1", addr
	if strings.Contains(addr, ":") {
		var err error
		if host, port, err = net.SplitHostPort(addr); err != nil {
			hint := "an address is host:port, :port, port or unix:PATH"
			if strings.Count(addr, ":") > 1 {
				hint = "an IPv6 address goes in brackets, as in [::1]:9000"
			}
			return "", fmt.Errorf("cannot listen on %q: %s", addr, hint)
		}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("cannot listen on %q: the port is not a number from 0 to 65535", addr)
	}
	return net.JoinHostPort(host, port), nil
}

// explain turns an error of bind into one line that says what to do.
func explain(addr string, err error) error {
	var dns *net.DNSError
	var errno syscall.Errno
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("cannot listen on %s: host %q is not known; use :PORT for all addresses of this machine", addr, dns.Name)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: another program has this port; choose another, or 0 for any that is free", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: no permission; choose a port above 1023", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: this machine has no such address; use :PORT for all it has", addr)
	case errors.As(err, &errno):
		return fmt.Errorf("cannot listen on %s: %w", addr, errno)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}
