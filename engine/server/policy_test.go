package server

import (
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
)

func TestPolicy(t *testing.T) {
	const onlyS2, links = 1 << codec.S2, 1<<codec.Zstd | 1<<codec.Linked
	const both, all = 1<<codec.S2 | 1<<codec.Zstd, onlyS2 | links
	far := accept.Peer{Addr: "192.0.2.1:5000"}
	near := accept.Peer{Addr: "127.0.0.1:5000"}
	mapped := accept.Peer{Addr: "[::ffff:127.0.0.1]:5000"}
	unix := accept.Peer{Addr: "unix:/run/s", Local: true}
	tests := []struct {
		policy  Policy
		peer    accept.Peer
		offered uint8
		want    codec.Compression
		linked  codec.Compression // where it may be
	}{
		{"auto", far, both, codec.Either, codec.Either},
		{"auto", far, all, codec.Either, codec.EitherLinked},
		{"auto", far, links, codec.Zstd, codec.Linked},
		{"auto", near, all, codec.None, codec.None},
		{"s2", far, all, codec.S2, codec.S2},
		{"zstd", near, all, codec.Zstd, codec.Linked},
		{"auto", far, onlyS2, codec.S2, codec.S2},
		{"auto", far, 1 << codec.Zstd, codec.Zstd, codec.Zstd},
		{"auto", far, 0, codec.None, codec.None},
		{"auto", near, both, codec.None, codec.None},
		{"auto", mapped, both, codec.None, codec.None},
		{"auto", unix, both, codec.None, codec.None},
		{"none", far, both, codec.None, codec.None},
		{"s2", near, both, codec.S2, codec.S2},
		{"zstd", near, both, codec.Zstd, codec.Zstd},
		{"zstd", far, onlyS2, codec.None, codec.None},
	}
	for _, test := range tests {
		p := &peer{Peer: test.peer}
		p.Hello.Compressions = test.offered
		for links, want := range map[bool]codec.Compression{false: test.want, true: test.linked} {
			if got := test.policy.choose(p, links); got != want {
				t.Errorf("%s to %s, which offers %b, links %v: %d, want %d", test.policy, p.Addr, test.offered, links, got, want)
			}
		}
	}
}

// What links payloads takes memory, so only some connections may.
func TestFewAreLinked(t *testing.T) {
	r := start(t, func(c *Config) { c.Compress = "zstd" })
	hello := codec.Hello{Slots: 1, Compressions: 1<<codec.Zstd | 1<<codec.Linked}
	join := func(name string, want codec.Compression) *fake {
		t.Helper()
		hello.Name = name
		f := r.connect(hello)
		if f.welcome.Compression != want {
			t.Errorf("%s has compression %d, want %d", name, f.welcome.Compression, want)
		}
		return f
	}
	var first *fake
	for range mostLinked {
		first = join("one of the first", codec.Linked)
	}
	late := join("too late", codec.Zstd)
	first.Close()
	r.eventually(func() bool { return r.Counts.Workers.Load() == mostLinked })
	join("in its place", codec.Linked)
	late.Close()
	r.eventually(func() bool { return r.Counts.Workers.Load() == mostLinked })
	join("too late again", codec.Zstd)
}
