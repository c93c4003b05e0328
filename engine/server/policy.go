package server

import (
	"net/netip"

	"github.com/jobpipe/jobpipe/codec"
)

// Policy is how frames are to be compressed: auto, none, s2 or zstd.
type Policy string

// choose agrees on a compression with a worker, which may not offer it.
func (c Policy) choose(p *peer) codec.Compression {
	want := codec.None
	switch c {
	case "s2":
		want = codec.S2
	case "zstd":
		want = codec.Zstd
	case "auto":
		if !p.Local && !loopback(p.Addr) {
			want = codec.S2 // over loopback the bytes are cheaper than making them fewer
		}
	}
	if want != codec.None && p.Hello.Compressions&(1<<want) == 0 {
		return codec.None
	}
	return want
}

func loopback(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Unmap().IsLoopback()
}
