package codec

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

func TestSkipRules(t *testing.T) {
	random := noisy(rand.New(rand.NewPCG(7, 8)), 8000)
	// mixed is random but for its end, so that it shrinks by about share.
	mixed := func(share float64) []byte {
		n := int(float64(len(random)) * (1 - share))
		return append(slices.Clone(random[:n]), make([]byte, len(random)-n)...)
	}
	tests := []struct {
		name        string
		compression Compression
		payload     []byte
		want        bool
	}{
		{"none", None, lines(8000), false},
		{"s2, 511 bytes", S2, make([]byte, 511), false},
		{"s2, 512 bytes", S2, make([]byte, 512), true},
		{"zstd, 1023 bytes", Zstd, make([]byte, 1023), false},
		{"zstd, 1024 bytes", Zstd, make([]byte, 1024), true},
		{"s2, random", S2, random, false},
		{"zstd, random", Zstd, random, false},
		{"s2, a tenth less", S2, mixed(0.10), false},
		{"zstd, a tenth less", Zstd, mixed(0.10), false},
		{"s2, a quarter less", S2, mixed(0.25), true},
		{"zstd, a quarter less", Zstd, mixed(0.25), true},
	}
	for _, test := range tests {
		e, d := mode{test.compression, false}.ends()
		for _, pieces := range [][][]byte{{test.payload}, {test.payload[:100], test.payload[100:]}} {
			frame := e.Append(nil, TypeAnswers, pieces...)
			if got := Compression(frame[5]); (got != None) != test.want || got != None && got != test.compression {
				t.Errorf("%s: the flags are %d", test.name, got)
			}
			if f, _, err := d.Next(frame); err != nil || !bytes.Equal(f.Payload, test.payload) {
				t.Errorf("%s: it comes back with %d bytes (%v)", test.name, len(f.Payload), err)
			}
		}
	}
}

// zstdHead is a frame header with a window and, unless it is 0, a content size.
func zstdHead(window byte, size uint64) []byte {
	b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, window}
	if size > 0 {
		b[4] = 0xc0
		b = binary.LittleEndian.AppendUint64(b, size)
	}
	return b
}

// block is a raw block (kind 0) of data, or n times its byte (kind 1).
func block(last bool, kind, n int, data ...byte) []byte {
	head := n<<3 | kind<<1
	if last {
		head |= 1
	}
	return append([]byte{byte(head), byte(head >> 8), byte(head >> 16)}, data...)
}

func zstdOf(t testing.TB, src []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(src, nil)
}

// streamed is src as a zstd stream, which has a window and no content size.
func streamed(t testing.TB, src []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for p := range slices.Chunk(src, 1000) {
		w.Write(p)
		w.Flush()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Bombs are refused, and cost next to nothing.
func TestBombs(t *testing.T) {
	const most = 512 << 10
	claim := func(n uint64) []byte { return append(binary.AppendUvarint(nil, n), make([]byte, 20)...) }
	zeros := make([]byte, 64<<20)
	half := zstdOf(t, zeros[:MaxPayload/2+1])
	runs := zstdHead(0x38, 0) // a window of 128 KiB
	for range 15000 {
		runs = append(runs, block(false, 1, 128<<10, 'x')...)
	}
	tests := []struct {
		name        string
		compression Compression
		payload     []byte
	}{
		{"s2 of 4 GiB, claimed", S2, claim(1<<32 - 1)},
		{"s2 of more than 4 GiB, claimed", S2, claim(1 << 40)},
		{"s2 of 1 GiB in 6 bytes", S2, binary.AppendUvarint(nil, 1<<30)},
		{"s2 of a byte too much", S2, s2.Encode(nil, zeros[:MaxPayload+1])},
		{"s2 of 64 MiB", S2, s2.Encode(nil, zeros)},
		{"s2 that claims too little", S2, append([]byte{1}, s2.Encode(nil, zeros[:MaxPayload])[3:]...)},
		{"zstd with a window of 3.75 TiB", Zstd, append(zstdHead(0xff, 0), block(true, 0, 1, 'x')...)},
		{"zstd with a window above 8 MiB", Zstd, append(zstdHead(0x69, 0), block(true, 0, 1, 'x')...)},
		{"zstd of 2^63, claimed", Zstd, append(zstdHead(0x30, 1<<63), block(true, 0, 1, 'x')...)},
		{"zstd of 2^64-2, claimed", Zstd, append(zstdHead(0x30, 1<<64-2), block(true, 0, 1, 'x')...)},
		{"zstd of a byte too much", Zstd, zstdOf(t, zeros[:MaxPayload+1])},
		{"zstd of a byte too much, size untold", Zstd, streamed(t, zeros[:MaxPayload+1])},
		{"zstd of 64 MiB", Zstd, zstdOf(t, zeros)},
		{"zstd of 64 MiB, size untold", Zstd, streamed(t, zeros[:16<<20], zstd.WithWindowSize(64<<10))[:60000]},
		{"zstd of two frames too large together", Zstd, append(slices.Clone(half), half...)},
		{"zstd of 2 GiB in runs", Zstd, runs},
		{"zstd that claims too little", Zstd, append(zstdHead(0x30, 1), block(true, 1, 60000, 'x')...)},
		{"zstd that claims too much", Zstd, append(zstdHead(0x30, 60000), block(true, 0, 1, 'x')...)},
		{"zstd that skips 4 GiB", Zstd, []byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 0}},
		{"zstd with a dictionary", Zstd, append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x30, 7}, block(true, 0, 1, 'x')...)},
	}
	for _, test := range tests {
		if len(test.payload) > MaxPayload {
			t.Fatalf("%s: it does not fit a frame", test.name)
		}
		d := NewDecoder(NewScratch())
		d.scratch.dec = newZstdDecoder()
		frame := raw(TypeJobs, byte(test.compression), test.payload)
		var f Frame
		var err error
		n := allocated(func() { f, _, err = d.Next(frame) })
		if err == nil || strings.Contains(err.Error(), "type") {
			t.Errorf("%s: %d bytes come out (%v)", test.name, len(f.Payload), err)
		}
		if n > most {
			t.Errorf("%s: %d bytes are allocated", test.name, n)
		}
	}
}

// Whatever encoder a peer has, what it makes is read.
func TestForeignEncoders(t *testing.T) {
	text := lines(60000)
	skipped := []byte{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}
	tests := []struct {
		name        string
		compression Compression
		payload     []byte
		want        []byte
	}{
		{"snappy", S2, s2.EncodeSnappy(nil, text), text},
		{"s2, better", S2, s2.EncodeBetter(nil, text), text},
		{"s2, best", S2, s2.EncodeBest(nil, text), text},
		{"s2 of nothing", S2, s2.Encode(nil, nil), nil},
		{"zstd, best", Zstd, zstdOf(t, text, zstd.WithEncoderLevel(zstd.SpeedBestCompression)), text},
		{"zstd with a checksum", Zstd, zstdOf(t, text, zstd.WithEncoderCRC(true)), text},
		{"zstd, streamed", Zstd, streamed(t, text), text},
		{"zstd, streamed with a window of 8 MiB", Zstd, streamed(t, text, zstd.WithWindowSize(maxWindow)), text},
		{"zstd of nothing", Zstd, zstdOf(t, nil, zstd.WithZeroFrames(true)), nil},
		{"zstd in two frames", Zstd, append(zstdOf(t, text[:999]), zstdOf(t, text[999:])...), text},
		{"zstd with a frame to skip", Zstd, append(skipped, zstdOf(t, text)...), text},
		{"zstd as large as can be", Zstd, zstdOf(t, make([]byte, MaxPayload)), make([]byte, MaxPayload)},
		{"s2 as large as can be", S2, s2.Encode(nil, make([]byte, MaxPayload)), make([]byte, MaxPayload)},
	}
	for _, test := range tests {
		d := NewDecoder(NewScratch())
		f, _, err := d.Next(raw(TypeJobs, byte(test.compression), test.payload))
		if err != nil || !bytes.Equal(f.Payload, test.want) {
			t.Errorf("%s: %d bytes come out, want %d (%v)", test.name, len(f.Payload), len(test.want), err)
		}
	}
}
