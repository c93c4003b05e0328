package accept

import (
	"net"
	"strings"

	"github.com/jobpipe/jobpipe/engine/socket"
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
	host, port, err := socket.Split(addr, "host:port, :port, port or unix:PATH")
	if err != nil {
		return nil, err
	}
	l, err := socket.Listen(host, port, "use :PORT for all addresses of this machine")
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, name: l.Addr().String()}, nil
}
