package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestFrameErrors(t *testing.T) {
	tests := []struct {
		name, err string
		sealed    bool
		buf       []byte
	}{
		{"length 0", "frame of 0 bytes: at least 2 are needed", false, []byte{0, 0, 0, 0}},
		{"length 1", "frame of 1 bytes: at least 2 are needed", false, []byte{1, 0, 0, 0}},
		{"length 17, sealed", "frame of 17 bytes: at least 18 are needed", true, []byte{17, 0, 0, 0}},
		{"length 65,536", "frame of 65536 bytes: at most 65535 are allowed", false, []byte{0, 0, 1, 0}},
		{"length 2^31", "frame of 2147483648 bytes: at most 65535 are allowed", true, []byte{0, 0, 0, 0x80}},
		{"length 2^32-1", "frame of 4294967295 bytes: at most 65535 are allowed", false, []byte{255, 255, 255, 255}},
		{"payload of 65,518", "payload of 65518 bytes: at most 65517 are allowed", false, []byte{0xf0, 0xff, 0, 0}},
		{"type 0", "type 0, which is unknown", false, raw(0, 0, nil)},
		{"type 20", "type 20, which is unknown", false, raw(20, 0, nil)},
		{"type 255", "type 255, which is unknown", false, raw(255, 0, nil)},
		{"both compressions", "flags 0x3, which are unknown", false, raw(TypeJobs, 3, []byte("a"))},
		{"linked, which was not agreed on", "not agreed on", false, raw(TypeJobs, 4, []byte("a"))},
		{"another flag", "flags 0x5, which are unknown", false, raw(TypeJobs, 5, []byte("a"))},
		{"the highest flag", "flags 0x80, which are unknown", false, raw(TypeJobs, 0x80, []byte("a"))},
		{"compressed Hello", "compressed Hello, which is never", false, raw(TypeHello, 1, []byte("a"))},
		{"compressed Ack", "compressed Ack, which is never", false, raw(TypeAck, 2, []byte("a"))},
		{"ping of 7", "malformed Ping: 7 bytes instead of 8", false, raw(TypePing, 0, make([]byte, 7))},
		{"pong of 9", "malformed Pong: 9 bytes instead of 8", false, raw(TypePong, 0, make([]byte, 9))},
		{"not S2", "not S2", false, raw(TypeJobs, 1, []byte{5, 0xff})},
		{"not zstd", "not zstd", false, raw(TypeJobs, 2, []byte("jobs"))},
		{"S2 of nothing", "of no bytes", false, raw(TypeJobs, 1, nil)},
		{"zstd of nothing", "of no bytes", false, raw(TypeJobs, 2, nil)},
		{"not sealed", "does not open", true, raw(TypePing, 0, make([]byte, 16))},
	}
	for _, test := range tests {
		_, d := mode{None, test.sealed}.ends()
		f, n, err := d.Next(slices.Clone(test.buf))
		if errors.Is(err, ErrNotOpen) != test.sealed {
			t.Errorf("%s: whose fault is %v?", test.name, err)
		}
		if err == nil || !strings.Contains(err.Error(), test.err) || n != 0 || f.Payload != nil {
			t.Errorf("%s: %v, %d bytes (%v), want %q", test.name, f, n, err, test.err)
		}
	}
}

// Which types may be compressed is written out here once more.
func TestCompressible(t *testing.T) {
	text := lines(4000)
	for typ := TypeHello; typ <= TypePrefer; typ++ {
		payload := text
		if typ == TypePing || typ == TypePong {
			payload = text[:pingLen]
		}
		want := slices.Contains([]Type{4, 5, 6, 7, 8}, typ)
		e, d := mode{S2, false}.ends()
		frame := e.Append(nil, typ, payload)
		if got := frame[5] != 0; got != want {
			t.Errorf("%v is compressed: %v, want %v", typ, got, want)
		}
		f, n, err := d.Next(frame)
		if err != nil || n != len(frame) || f.Type != typ || !bytes.Equal(f.Payload, payload) {
			t.Errorf("%v comes back as %v (%v)", typ, f.Type, err)
		}
	}
}

func TestLargestPayload(t *testing.T) {
	payload := noisy(rand.New(rand.NewPCG(3, 4)), MaxPayload)
	for _, m := range modes {
		e, d := m.ends()
		frame := e.Append(nil, TypeResults, payload[:1], payload[1:])
		if m.sealed && len(frame) != HeaderLen+MaxFrame {
			t.Errorf("%v: the frame has %d bytes", m, len(frame))
		}
		f, _, err := d.Next(frame)
		if err != nil || !bytes.Equal(f.Payload, payload) {
			t.Errorf("%v: it comes back with %d bytes (%v)", m, len(f.Payload), err)
		}
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "Results: payload of 65518 bytes") {
					t.Errorf("%v: a payload too large panics with %q", m, text)
				}
			}()
			e.Append(nil, TypeResults, payload, []byte{0})
		}()
	}
}

// What goes in comes out, in all modes, however the stream is cut.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	text := lines(MaxPayload)
	sizes := []int{0, 1, 8, 300, 511, 512, 1023, 1024, 5000, 65000, MaxPayload}
	for _, m := range modes {
		e, d := m.ends()
		var stream []byte
		var want []Frame
		for range 60 {
			f := Frame{Type: Type(4 + r.IntN(5))}
			n := sizes[r.IntN(len(sizes))]
			if f.Payload = text[:n]; r.IntN(2) == 0 {
				f.Payload = noisy(r, n)
			}
			var pieces [][]byte
			for rest := f.Payload; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				pieces, rest = append(pieces, rest[:n]), rest[n:]
			}
			stream = e.Append(stream, f.Type, pieces...)
			want = append(want, f)
		}
		var buf []byte
		for len(stream) > 0 {
			n := 1 + r.IntN(min(len(stream), 1<<(1+r.IntN(17))))
			buf, stream = append(buf, stream[:n]...), stream[n:]
			for {
				f, n, err := d.Next(buf)
				if err != nil {
					t.Fatalf("%v: %v", m, err)
				}
				if n == 0 {
					break
				}
				if f.Type != want[0].Type || !bytes.Equal(f.Payload, want[0].Payload) {
					t.Fatalf("%v: %v with %d bytes, want %v with %d", m, f.Type, len(f.Payload), want[0].Type, len(want[0].Payload))
				}
				buf, want = buf[n:], want[1:]
			}
		}
		if len(buf) > 0 || len(want) > 0 {
			t.Errorf("%v: %d bytes and %d frames are left", m, len(buf), len(want))
		}
	}
}

func TestEverySplit(t *testing.T) {
	for _, m := range modes {
		e, _ := m.ends()
		frame := e.Append(nil, TypeJobs, lines(2000))
		for n := range len(frame) {
			_, d := m.ends()
			part := slices.Clone(frame[:n])
			if f, n, err := d.Next(part); n != 0 || err != nil || f.Payload != nil || !bytes.Equal(part, frame[:len(part)]) {
				t.Fatalf("%v: %d of %d bytes give %v (%v)", m, len(part), len(frame), f.Type, err)
			}
		}
	}
}

// The bytes before a frame, in dst, are left alone.
func TestAppends(t *testing.T) {
	for _, m := range modes {
		e, d := m.ends()
		dst := e.Append([]byte("before"), TypeJobs, lines(3000))
		if string(dst[:6]) != "before" {
			t.Errorf("%v: the bytes before are %q", m, dst[:6])
		}
		if got := binary.LittleEndian.Uint32(dst[6:]); int(got) != len(dst)-6-HeaderLen {
			t.Errorf("%v: the length is %d of %d", m, got, len(dst)-6)
		}
		if f, _, err := d.Next(dst[6:]); err != nil || !bytes.Equal(f.Payload, lines(3000)) {
			t.Errorf("%v: it comes back with %d bytes (%v)", m, len(f.Payload), err)
		}
	}
}

// A connection goes over to the scratch of another goroutine.
func TestSetScratch(t *testing.T) {
	e, d := mode{Zstd, true}.ends()
	payload := lines(5000)
	if _, _, err := d.Next(e.Append(nil, TypeJobs, payload)); err != nil {
		t.Fatal(err)
	}
	s := NewScratch()
	e.SetScratch(s)
	d.SetScratch(s)
	f, _, err := d.Next(e.Append(nil, TypeJobs, payload))
	if err != nil || !bytes.Equal(f.Payload, payload) || &f.Payload[0] != &s.plain[:1][0] {
		t.Errorf("the payload is not in the new scratch (%v)", err)
	}
}

// A frame that was read is still valid while others are made.
func TestEncodeWhileReading(t *testing.T) {
	e, d := mode{Zstd, false}.ends()
	payload := lines(5000)
	f, _, err := d.Next(e.Append(nil, TypeJobs, payload))
	if err != nil {
		t.Fatal(err)
	}
	e.Append(nil, TypeResults, payload[2000:], payload[:3000])
	if !bytes.Equal(f.Payload, payload) {
		t.Error("the payload has changed")
	}
}

func TestTypeNames(t *testing.T) {
	for typ, want := range map[Type]string{0: "type 0", 1: "Hello", 4: "Jobs", 18: "Held", 19: "Prefer", 20: "type 20"} {
		if got := typ.String(); got != want {
			t.Errorf("type %d is %q, want %q", uint8(typ), got, want)
		}
	}
}
