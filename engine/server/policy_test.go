package server

import (
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
)

func TestPolicy(t *testing.T) {
	const both, onlyS2 = 1<<codec.S2 | 1<<codec.Zstd, 1 << codec.S2
	far := accept.Peer{Addr: "192.0.2.1:5000"}
	near := accept.Peer{Addr: "127.0.0.1:5000"}
	mapped := accept.Peer{Addr: "[::ffff:127.0.0.1]:5000"}
	unix := accept.Peer{Addr: "unix:/run/s", Local: true}
	tests := []struct {
		policy  Policy
		peer    accept.Peer
		offered uint8
		want    codec.Compression
	}{
		{"auto", far, both, codec.Either},
		{"auto", far, onlyS2, codec.S2},
		{"auto", far, 1 << codec.Zstd, codec.Zstd},
		{"auto", far, 0, codec.None},
		{"auto", near, both, codec.None},
		{"auto", mapped, both, codec.None},
		{"auto", unix, both, codec.None},
		{"none", far, both, codec.None},
		{"s2", near, both, codec.S2},
		{"zstd", near, both, codec.Zstd},
		{"zstd", far, onlyS2, codec.None},
	}
	for _, test := range tests {
		p := &peer{Peer: test.peer}
		p.Hello.Compressions = test.offered
		if got := test.policy.choose(p); got != test.want {
			t.Errorf("%s to %s, which offers %b: %d, want %d", test.policy, p.Addr, test.offered, got, test.want)
		}
	}
}
