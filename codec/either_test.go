package codec

import (
	"bytes"
	"testing"
)

// The way in which a payload is compressed stands in the flags of the frame.
func TestEither(t *testing.T) {
	text := bytes.Repeat([]byte("the same again\n"), 1000)
	e := NewEncoder(NewScratch())
	by := func() Compression { return Compression(e.Append(nil, TypeJobs, text)[HeaderLen+1]) }
	for _, only := range []Compression{None, S2, Zstd} {
		e.SetCompression(only)
		e.SetSlow(true)
		if got := by(); got != only || e.Adapts() {
			t.Errorf("compression %d became %d", only, got)
		}
	}
	e.SetCompression(Either)
	if got := by(); got != S2 || !e.Adapts() {
		t.Errorf("at first a frame has compression %d, want %d", got, S2)
	}
	e.SetSlow(true)
	if got := by(); got != Zstd {
		t.Errorf("on a slow link a frame has compression %d, want %d", got, Zstd)
	}
	e.SetSlow(false)
	if got := by(); got != S2 {
		t.Errorf("on a fast link a frame has compression %d, want %d", got, S2)
	}
}
