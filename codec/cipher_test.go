package codec

import (
	"bytes"
	"math"
	"runtime"
	"testing"
	"unsafe"

	"github.com/flynn/noise"
)

// cipherAt is one end of a direction after n frames, short of a change of key.
func cipherAt(n uint64) *Cipher {
	return &Cipher{noise.UnsafeNewCipherState(suite, Key{1, 2, 3}, n)}
}

// sealed is a sealed copy of text.
func sealed(c *Cipher, text string) []byte {
	return c.seal(append(make([]byte, 0, len(text)+tagLen), text...), 0)
}

func TestRekey(t *testing.T) {
	const last = rekeyEvery - 1
	send, recv, old := cipherAt(0), cipherAt(0), cipherAt(last)
	buf := make([]byte, 0, 64)
	for n := range uint64(2*rekeyEvery + 3) {
		if send.state.Nonce() != n {
			t.Fatalf("the nonce of frame %d is %d", n, send.state.Nonce())
		}
		box := send.seal(append(buf[:0], "text"...), 0)
		if n == last && !bytes.Equal(box, sealed(old, "text")) {
			t.Fatal("the key changes before frame 65,536")
		}
		if n == last+1 && bytes.Equal(box, sealed(cipherAt(n), "text")) {
			t.Fatal("the key does not change after frame 65,536")
		}
		plain, err := recv.open(box)
		if err != nil || string(plain) != "text" {
			t.Fatalf("frame %d opens as %q (%v)", n, plain, err)
		}
		if send.state.UnsafeKey() != recv.state.UnsafeKey() {
			t.Fatalf("the keys differ after frame %d", n)
		}
	}
}

// The new key is what REKEY of the specification says: the encryption of zeros
// under the highest nonce, and not the tag.
func TestRekeyIsNoises(t *testing.T) {
	c := cipherAt(rekeyEvery - 1)
	want := noise.CipherAESGCM.Cipher(Key{1, 2, 3}).Encrypt(nil, math.MaxUint64, nil, make([]byte, 32))[:32]
	sealed(c, "text")
	if got := c.state.UnsafeKey(); !bytes.Equal(got[:], want) {
		t.Errorf("the key is %x, want %x", got, want)
	}
}

func TestOnlyTheNextOpens(t *testing.T) {
	send := cipherAt(0)
	first, second := sealed(send, "first"), sealed(send, "second")
	again := bytes.Clone(first)
	short := bytes.Clone(first[:len(first)-1])
	tests := []struct {
		name string
		at   uint64
		box  []byte
	}{
		{"a later one", 0, second},
		{"the same again", 1, again},
		{"one cut short", 0, short},
		{"a tag alone", 0, make([]byte, tagLen)},
		{"less than a tag", 0, make([]byte, tagLen-1)},
		{"nothing", 0, nil},
	}
	for _, test := range tests {
		if plain, err := cipherAt(test.at).open(test.box); err != ErrNotOpen {
			t.Errorf("%s opens as %q (%v)", test.name, plain, err)
		}
	}
	for bit := range 8 * len(first) {
		box := bytes.Clone(first)
		box[bit/8] ^= 1 << (bit % 8)
		if plain, err := cipherAt(0).open(box); err != ErrNotOpen {
			t.Errorf("with bit %d flipped, it opens as %q (%v)", bit, plain, err)
		}
	}
	if plain, err := cipherAt(0).open(first); err != nil || string(plain) != "first" {
		t.Errorf("it opens as %q (%v)", plain, err)
	}
}

// A nonce is never used twice, however long a connection lasts.
func TestExhaustion(t *testing.T) {
	send, recv := cipherAt(noise.MaxNonce), cipherAt(noise.MaxNonce)
	if _, err := recv.open(sealed(send, "last")); err != nil {
		t.Fatal(err)
	}
	if _, err := recv.open(make([]byte, 32)); err != errExhausted {
		t.Errorf("opening goes on: %v", err)
	}
	defer func() {
		if recover() != errExhausted {
			t.Error("sealing goes on")
		}
	}()
	sealed(send, "one more")
}

func TestInPlace(t *testing.T) {
	buf := append(make([]byte, 0, 64), "headtext"...)
	out := cipherAt(0).seal(buf, 4)
	if &out[0] != &buf[0] || string(out[:4]) != "head" || len(out) != 8+tagLen {
		t.Errorf("sealed, it is %q", out)
	}
	plain, err := cipherAt(0).open(out[4:])
	if err != nil || &plain[0] != &out[4] {
		t.Errorf("opened, it is %q (%v)", plain, err)
	}
}

// What a coordinator keeps for each of ten thousand connections.
func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(Encoder{}) + unsafe.Sizeof(Decoder{}); n > 64 {
		t.Errorf("an encoder and a decoder take %d bytes", n)
	}
	const many = 1000
	keep := make([]*Cipher, many)
	before := live()
	for i := range keep {
		keep[i] = cipherAt(0)
	}
	if n := (live() - before) / many; n > 1024 {
		t.Errorf("a cipher takes %d bytes", n)
	}
	runtime.KeepAlive(keep)
}

// live is how many bytes of the heap are in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
