package server

import (
	"net/netip"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/socket"
)

// Policy is how frames are to be compressed: auto, none, s2 or zstd.
type Policy string

// mostLinked is how many connections may have linked payloads: about 5 MiB each.
const mostLinked = 8

// choose agrees on a compression with a worker, which may not offer it. links tells
// whether it may be one of linked payloads.
func (c Policy) choose(p *peer, links bool) codec.Compression {
	offered := func(c codec.Compression) bool { return p.Hello.Compressions&(1<<c) != 0 }
	links = links && offered(codec.Linked)
	switch {
	case c == "auto" && (p.Local || loopback(p.Addr)):
		return codec.None // the bytes are cheaper than making them fewer
	case c == "auto" && offered(codec.S2) && links:
		return codec.EitherLinked
	case c == "auto" && offered(codec.S2) && offered(codec.Zstd):
		return codec.Either
	case (c == "auto" || c == "s2") && offered(codec.S2):
		return codec.S2
	case (c == "auto" || c == "zstd") && links:
		return codec.Linked
	case (c == "auto" || c == "zstd") && offered(codec.Zstd):
		return codec.Zstd
	}
	return codec.None
}

func loopback(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// adapt has the compression of what follows chosen by how fast the link is.
func (s *Server) adapt(p *peer, now time.Duration) {
	if p.Enc.Adapts() && p.meter.Due(now) {
		sent := socket.SentOn(p.conn.Fd(), p.wrote, p.conn.OutboundBuffered())
		p.Enc.SetSlow(p.meter.Look(now, sent, &s.links))
	}
}
