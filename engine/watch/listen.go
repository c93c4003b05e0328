package watch

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/jobpipe/jobpipe/engine/socket"
)

// Open opens an address: host:port, or :port and port alone for this machine only.
// Nobody is answered before Serve.
func Open(addr string) (*Server, error) {
	host, port, err := socket.Split(addr, "host:port, :port or port")
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := socket.Listen(host, port, "leave the host out for this machine only, or use 0.0.0.0:PORT for all its addresses")
	if err != nil {
		return nil, err
	}
	return &Server{listener: l, pages: make(chan struct{}, mostPages), closing: make(chan struct{})}, nil
}

// URL is where a browser on this machine finds it.
func (s *Server) URL() string {
	at := s.listener.Addr().(*net.TCPAddr)
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port)) + "/"
}

// Public tells whether others than those on this machine can connect.
func (s *Server) Public() bool { return !local(s.listener.Addr()) }

// local tells whether an address is only this machine's.
func local(addr net.Addr) bool {
	a, err := netip.ParseAddrPort(addr.String())
	return err == nil && a.Addr().Unmap().IsLoopback()
}
