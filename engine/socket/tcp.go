package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// loopback is where a port alone is.
const loopback = "127.0.0.1"

// Split takes the address of a TCP port apart: host:port, :port, of which the host
// is empty, or a port alone, which is for this machine only. Forms is what may be
// written, for the error.
func Split(addr, forms string) (host, port string, err error) {
	host, port = loopback, addr
	if strings.Contains(addr, ":") {
		if host, port, err = net.SplitHostPort(addr); err != nil {
			hint := "an address is " + forms
			if strings.Count(addr, ":") > 1 {
				hint = "an IPv6 address goes in brackets, as in [::1]:9000"
			}
			return "", "", fmt.Errorf("cannot listen on %q: %s", addr, hint)
		}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", fmt.Errorf("cannot listen on %q: the port is not a number from 0 to 65535", addr)
	}
	return host, port, nil
}

// Listen opens a port, an empty host being all addresses of the machine. Its error
// is one line that says what to do; instead is what to write when the machine has
// no such address.
func Listen(host, port, instead string) (net.Listener, error) {
	var conf net.ListenConfig
	conf.SetMultipathTCP(false) // plain sockets are what the event loop knows
	addr := net.JoinHostPort(host, port)
	l, err := conf.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, explain(addr, err, instead)
	}
	return l, nil
}

func explain(addr string, err error, instead string) error {
	var dns *net.DNSError
	var errno syscall.Errno
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("cannot listen on %s: host %q is not known; %s", addr, dns.Name, instead)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: another program has this port; choose another, or 0 for any that is free", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: no permission; choose a port above 1023", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: this machine has no such address; %s", addr, instead)
	case errors.As(err, &errno):
		return fmt.Errorf("cannot listen on %s: %w", addr, errno)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}
