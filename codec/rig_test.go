package codec

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// seqBytes is n bytes that count up from first.
func seqBytes(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// The keys of golden files.
var goldenKey = Key(seqBytes(0x00, 32))

func goldenWorker() io.Reader      { return bytes.NewReader(seqBytes(0x20, 32)) }
func goldenCoordinator() io.Reader { return bytes.NewReader(seqBytes(0x40, 32)) }

// meet does a whole handshake, always the same one.
func meet(t testing.TB) (worker, coordinator Secrets) {
	t.Helper()
	o, opening := start(&goldenKey, goldenWorker())
	reply, coordinator, err := respond([]Key{goldenKey}, false, opening, goldenCoordinator())
	if err != nil {
		t.Fatal(err)
	}
	worker, err = o.Finish(reply)
	if err != nil {
		t.Fatal(err)
	}
	return worker, coordinator
}

// allocated is how many bytes f allocates, and whoever runs beside it.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// lines is n bytes that compress as records do.
func lines(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "/home/user/photos/2026/IMG_%05d.jpg\t%x\n", i, r.Uint32())
	}
	return b[:n]
}

// noisy is n bytes that do not compress.
func noisy(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// mode is a way in which frames travel.
type mode struct {
	compression Compression
	sealed      bool
}

var modes = []mode{
	{None, false}, {S2, false}, {Zstd, false}, {Linked, false},
	{None, true}, {S2, true}, {Zstd, true}, {Linked, true},
}

func (m mode) String() string {
	name := [...]string{None: "none", S2: "s2", Zstd: "zstd", Linked: "linked"}[m.compression]
	if m.sealed {
		name += ",sealed"
	}
	return name
}

// ends is both ends of a fresh direction.
func (m mode) ends() (*Encoder, *Decoder) {
	s := NewScratch()
	e, d := NewEncoder(s), NewDecoder(s)
	e.SetCompression(m.compression)
	d.SetCompression(m.compression)
	if m.sealed {
		e.SetCipher(cipherAt(0))
		d.SetCipher(cipherAt(0))
	}
	return e, d
}

// raw is a frame that is not sealed, as bytes that a peer could send.
func raw(t Type, flags byte, payload []byte) []byte {
	n := len(payload) + bodyLen
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), byte(t), flags}, payload...)
}
