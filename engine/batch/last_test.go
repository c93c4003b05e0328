package batch

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestLastIndex(t *testing.T) {
	for range 2000 {
		b := bytes.Repeat([]byte{'x'}, rand.IntN(5000))
		for range min(len(b), rand.IntN(4)) {
			b[rand.IntN(len(b))] = '\n'
		}
		if got, want := LastIndex(b, '\n'), bytes.LastIndexByte(b, '\n'); got != want {
			t.Fatalf("%d, not %d, of %d bytes", got, want, len(b))
		}
	}
}
