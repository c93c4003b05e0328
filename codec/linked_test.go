package codec

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// linkedOf is the payload of a frame, as it is on the wire.
func linkedOf(t testing.TB, frame []byte) []byte {
	t.Helper()
	if got := Compression(frame[HeaderLen+1]); got != Linked {
		t.Fatalf("the compression is %d", got)
	}
	return frame[HeaderLen+bodyLen:]
}

// What was said before, up to a window ago, is not said again.
func TestLinkedRefersBack(t *testing.T) {
	e, d := mode{Linked, false}.ends()
	r := rand.New(rand.NewPCG(9, 10))
	var said [][]byte
	for range linkedWindow/MaxPayload - 1 { // of digits, as what does not shrink begins anew
		p := noisy(r, MaxPayload)
		for i := range p {
			p[i] = '0' + p[i]%10
		}
		said = append(said, p)
	}
	for round := range 3 {
		for i, p := range said {
			frame := e.Append(nil, TypeAnswers, p)
			if n := len(linkedOf(t, frame)); (n < 5000) != (round > 0) {
				t.Errorf("round %d: payload %d has %d bytes", round, i, n)
			}
			f, _, err := d.Next(frame)
			if err != nil || !bytes.Equal(f.Payload, p) {
				t.Fatalf("round %d: payload %d comes back with %d bytes (%v)", round, i, len(f.Payload), err)
			}
		}
	}
}

// Other frames may go between those that are linked: they change nothing.
func TestLinkedAmongOthers(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		e, d := mode{EitherLinked, sealed}.ends()
		r := rand.New(rand.NewPCG(11, 12))
		text := lines(MaxPayload)
		var by [Linked + 1]int
		for i := range 400 {
			e.SetSlow(r.IntN(3) > 0)
			from := r.IntN(len(text))
			p := text[from : from+r.IntN(len(text)-from)]
			switch r.IntN(10) {
			case 0:
				p = noisy(r, MaxPayload) // linked, it is too large for a frame
			case 1:
				p = noisy(r, r.IntN(MaxPayload))
			}
			frame := e.Append(nil, TypeResultPart, p[:len(p)/2], p[len(p)/2:])
			if !sealed {
				by[frame[HeaderLen+1]]++
			}
			f, _, err := d.Next(frame)
			if err != nil || !bytes.Equal(f.Payload, p) {
				t.Fatalf("frame %d comes back with %d bytes of %d (%v)", i, len(f.Payload), len(p), err)
			}
		}
		if !sealed && (by[None] == 0 || by[S2] == 0 || by[Linked] == 0) {
			t.Errorf("not all ways were tried: %v", by)
		}
	}
}

// What is too large for a frame is sent as it is, and not referred to.
func TestLinkedBeginsAnew(t *testing.T) {
	e, d := mode{Linked, false}.ends()
	text := lines(4000)
	begins := func(frame []byte) bool { return bytes.HasPrefix(linkedOf(t, frame), zstdMagic) }
	read := func(frame, want []byte) {
		t.Helper()
		if f, _, err := d.Next(frame); err != nil || !bytes.Equal(f.Payload, want) {
			t.Fatalf("%d bytes come back (%v)", len(f.Payload), err)
		}
	}
	first := e.Append(nil, TypeJobs, text)
	second := e.Append(nil, TypeJobs, text)
	if !begins(first) || begins(second) || len(second) > len(first)/10 {
		t.Errorf("the first frame has %d bytes, the second %d", len(first), len(second))
	}
	read(first, text)
	read(second, text)
	random := noisy(rand.New(rand.NewPCG(13, 14)), MaxPayload)
	frame := e.Append(nil, TypeJobs, random)
	if Compression(frame[HeaderLen+1]) != None {
		t.Error("what does not shrink is compressed")
	}
	read(frame, random)
	third := e.Append(nil, TypeJobs, text)
	if !begins(third) {
		t.Error("the frame after it refers to what the other side has not got")
	}
	read(third, text)
}

// Nobody makes us keep a window without being allowed to, or a larger one; and what
// cannot go on ends the connection.
func TestLinkedErrors(t *testing.T) {
	text := lines(4000)
	e, _ := mode{Linked, false}.ends()
	first := slices.Clone(linkedOf(t, e.Append(nil, TypeJobs, text)))
	second := slices.Clone(linkedOf(t, e.Append(nil, TypeJobs, text)))
	ended := append(zstdHead(0x38, 0), block(true, 0, 3, []byte("end")...)...)
	runs := zstdHead(0x38, 0)
	for range 15000 {
		runs = append(runs, block(false, 1, 128<<10, 'x')...)
	}
	tests := []struct {
		name     string
		payloads [][]byte // the last is in error
		want     string
	}{
		{"nothing", [][]byte{{}}, "no bytes"},
		{"nothing, later", [][]byte{first, {}}, "no bytes"},
		{"what goes on nothing", [][]byte{second}, "does not go on"},
		{"what goes on a frame that has ended", [][]byte{ended, second}, "does not go on"},
		{"half a block", [][]byte{first, second[:len(second)/2]}, "does not go on"},
		{"half a header", [][]byte{first[:5]}, "does not go on"},
		{"a header alone", [][]byte{first[:6]}, "does not go on"},
		{"a window above 1 MiB", [][]byte{append(zstdHead(0x51, 0), block(false, 0, 1, 'x')...)}, "does not go on"},
		{"a window of 3.75 TiB", [][]byte{append(zstdHead(0xff, 0), block(false, 0, 1, 'x')...)}, "does not go on"},
		{"a claim of 2^63", [][]byte{append(zstdHead(0x30, 1<<63), block(true, 0, 1, 'x')...)}, "does not go on"},
		{"a byte too much", [][]byte{append(zstdHead(0x38, 0), block(false, 1, MaxPayload+1, 'x')...)}, "more than"},
		{"a byte too much, later", [][]byte{first, block(false, 1, MaxPayload+1, 'x')}, "more than"},
		{"2 GiB in runs", [][]byte{runs}, "more than"},
		{"a dictionary", [][]byte{append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x30, 7}, block(true, 0, 1, 'x')...)}, "does not go on"},
	}
	for _, test := range tests {
		_, d := mode{Linked, false}.ends()
		for i, p := range test.payloads {
			var f Frame
			var err error
			n := allocated(func() { f, _, err = d.Next(raw(TypeJobs, byte(Linked), p)) })
			if n > 2*linkedWindow {
				t.Errorf("%s: %d bytes are allocated", test.name, n)
			}
			switch last := i == len(test.payloads)-1; {
			case !last && err != nil:
				t.Errorf("%s: %v", test.name, err)
			case last && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%s: %d bytes come out (%v)", test.name, len(f.Payload), err)
			}
		}
	}
	_, d := mode{Zstd, false}.ends()
	if _, _, err := d.Next(raw(TypeJobs, byte(Linked), first)); err == nil || !strings.Contains(err.Error(), "not agreed on") {
		t.Errorf("without having been agreed on: %v", err)
	}
}

// Whatever encoder a peer has, and wherever it ends frames and blocks.
func TestLinkedOfOthers(t *testing.T) {
	text := lines(60000)
	whole := streamed(t, text, zstd.WithWindowSize(linkedWindow)) // many blocks, and an end
	_, d := mode{Linked, false}.ends()
	for _, p := range [][]byte{whole, whole, append(slices.Clone(whole), zstdOf(t, text[:5000])...)} {
		want := text
		if len(p) > len(whole) {
			want = append(slices.Clone(text), text[:5000]...)
		}
		f, _, err := d.Next(raw(TypeJobs, byte(Linked), p))
		if err != nil || !bytes.Equal(f.Payload, want) {
			t.Fatalf("%d bytes come out, want %d (%v)", len(f.Payload), len(want), err)
		}
	}
}
