package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestVector makes the same frames with Append and in a Vector.
func TestVector(t *testing.T) {
	large := make([]byte, 3*leastLent)
	for i := range large {
		large[i] = byte(rand.Uint32())
	}
	head := []byte{1, 1, 1}
	tests := []struct {
		name  string
		setup func(*Encoder)
		data  [][]byte
		lent  bool
	}{
		{"large", func(*Encoder) {}, [][]byte{large}, true},
		{"small", func(*Encoder) {}, [][]byte{large[:leastLent-1]}, false},
		{"large pieces", func(*Encoder) {}, [][]byte{large[:leastLent], large[leastLent:]}, true},
		{"many pieces", func(*Encoder) {}, [][]byte{large[:2*leastLent], large[:1], large[:2]}, false},
		{"none", func(*Encoder) {}, nil, false},
		{"compressed", func(e *Encoder) { e.SetCompression(S2) }, [][]byte{large}, false},
		{"sealed", func(e *Encoder) { e.SetCipher(cipherAt(0)) }, [][]byte{large}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := NewEncoder(NewScratch()), NewEncoder(NewScratch())
			test.setup(a)
			test.setup(b)
			payload := append([][]byte{head}, test.data...)
			var v Vector
			v.Reset([]byte("the rest"))
			want := []byte("the rest")
			for range 2 {
				want = a.Append(want, TypeAnswers, payload...)
				b.Lend(&v, TypeAnswers, payload...)
				want = a.Append(want, TypeAck, head)
				b.Put(&v, TypeAck, head)
			}
			if got := bytes.Join(v.Slices(nil), nil); !bytes.Equal(got, want) || v.Len() != len(want) {
				t.Errorf("%d bytes, of which %d are to be written, are not the %d of Append", len(got), v.Len(), len(want))
			}
			if v.Lent() != test.lent {
				t.Errorf("lent: %v", v.Lent())
			}
			if !test.lent && !bytes.Equal(v.Made(), want) {
				t.Error("they are not all made")
			}
		})
	}
}

// TestVectorReset keeps the end of what was made.
func TestVectorReset(t *testing.T) {
	e := NewEncoder(NewScratch())
	var v Vector
	e.Lend(&v, TypeAnswers, []byte{1, 1, 1}, make([]byte, leastLent))
	v.Reset(nil)
	if v.Len() != 0 || v.Lent() || len(v.Slices(nil)) != 0 {
		t.Errorf("%d bytes are left", v.Len())
	}
	e.Put(&v, TypePing, []byte("12345678"))
	v.Reset(v.Made()[v.Len()-8:])
	if got := string(v.Made()); got != "12345678" {
		t.Errorf("%q is left", got)
	}
	for v.Len() <= mostMade {
		e.Put(&v, TypeAnswers, make([]byte, MaxPayload))
	}
	v.Reset(v.Made()[v.Len()-8:])
	if n := cap(v.Made()); n > mostMade {
		t.Errorf("%d bytes of memory are kept", n)
	}
}
