package codec

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// allowance is what reading n bytes may allocate: at most 16 for 2 of them, and
// what an error takes.
func allowance(n int) uint64 { return 8*uint64(n) + 64<<10 }

// fuzzMessage checks a parser: whatever it takes, it can only have been written
// in one way.
func fuzzMessage(f *testing.F, t Type) {
	m := messages[t-1]
	whole := m.again(nil, m.value)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(append(slices.Clone(whole), whole...))
	f.Add(bytes.Repeat([]byte{0xff}, 12))
	f.Add(bytes.Repeat([]byte{1}, 40))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > MaxPayload {
			return
		}
		before := slices.Clone(payload)
		var got any
		var err error
		read := func() { got, err = m.parse(payload) }
		if m.typ == TypeResults { // whose list is ours
			read()
			read = func() { eachResult(payload, func(Result) {}) }
		}
		if n := allocated(read); n > allowance(len(payload)) {
			t.Errorf("%d bytes are allocated for %d", n, len(payload))
		}
		if !bytes.Equal(payload, before) {
			t.Error("the payload has changed")
		}
		if err != nil {
			if !reflect.ValueOf(got).IsZero() {
				t.Errorf("with an error comes %+v", got)
			}
			return
		}
		if w, ok := got.(Welcome); ok && max(w.DeadAfter, w.Timeout, w.Grace).Milliseconds() == int64(maxMillis) {
			return // may have been longer
		}
		if again := m.again(nil, got); !bytes.Equal(again, payload) {
			t.Errorf("%x is %+v, which is %x", payload, got, again)
		}
	})
}

func FuzzHello(f *testing.F)      { fuzzMessage(f, TypeHello) }
func FuzzWelcome(f *testing.F)    { fuzzMessage(f, TypeWelcome) }
func FuzzRefuse(f *testing.F)     { fuzzMessage(f, TypeRefuse) }
func FuzzJobs(f *testing.F)       { fuzzMessage(f, TypeJobs) }
func FuzzJobPart(f *testing.F)    { fuzzMessage(f, TypeJobPart) }
func FuzzAnswers(f *testing.F)    { fuzzMessage(f, TypeAnswers) }
func FuzzResults(f *testing.F)    { fuzzMessage(f, TypeResults) }
func FuzzResultPart(f *testing.F) { fuzzMessage(f, TypeResultPart) }
func FuzzAck(f *testing.F)        { fuzzMessage(f, TypeAck) }
func FuzzRevoke(f *testing.F)     { fuzzMessage(f, TypeRevoke) }
func FuzzGiveBack(f *testing.F)   { fuzzMessage(f, TypeGiveBack) }
func FuzzCancel(f *testing.F)     { fuzzMessage(f, TypeCancel) }
func FuzzSlots(f *testing.F)      { fuzzMessage(f, TypeSlots) }
func FuzzOver(f *testing.F)       { fuzzMessage(f, TypeOver) }
func FuzzGoodbye(f *testing.F)    { fuzzMessage(f, TypeGoodbye) }
func FuzzHeld(f *testing.F)       { fuzzMessage(f, TypeHeld) }
func FuzzPrefer(f *testing.F)     { fuzzMessage(f, TypePrefer) }

// FuzzFrame reads a stream of frames that are not sealed. What was not
// compressed has one encoding; what was comes out no larger than allowed.
func FuzzFrame(f *testing.F) {
	for _, m := range modes[:4] {
		e, _ := m.ends()
		var stream []byte
		for _, msg := range messages {
			stream = e.Append(stream, msg.typ, msg.again(nil, msg.value))
		}
		f.Add(e.Append(stream, TypeJobs, lines(2000)))
		f.Add(e.Append(nil, TypeAnswers, make([]byte, 3000)))
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add(raw(TypeJobs, 1, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0}))
	f.Add(raw(TypeJobs, 2, append(zstdHead(0xff, 1<<62), block(true, 1, 1<<17, 'x')...)))
	f.Fuzz(func(t *testing.T, stream []byte) {
		d := NewDecoder(NewScratch())
		d.SetCompression(Linked)
		for len(stream) > 0 {
			frame, n, err := d.Next(stream)
			if err != nil || n == 0 {
				return
			}
			if len(frame.Payload) > MaxPayload {
				t.Fatalf("a payload of %d bytes comes out", len(frame.Payload))
			}
			if stream[5] == 0 {
				if again := NewEncoder(nil).Append(nil, frame.Type, frame.Payload); !bytes.Equal(again, stream[:n]) {
					t.Fatalf("%x is %v %x", stream[:n], frame.Type, frame.Payload)
				}
			}
			stream = stream[n:]
		}
	})
}

// fuzzCompressed decompresses anything, with a decoder that has done so before.
func fuzzCompressed(f *testing.F, c Compression) {
	s := NewScratch()
	e, d := NewEncoder(s), NewDecoder(s)
	e.SetCompression(c)
	d.SetCompression(c)
	if _, _, err := d.Next(e.Append(nil, TypeJobs, make([]byte, MaxPayload))); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > MaxPayload {
			return
		}
		frame := raw(TypeJobs, byte(c), payload)
		var got Frame
		var err error
		// The zstd library keeps tables of its own, which are bounded too.
		if n := allocated(func() { got, _, err = d.Next(frame) }); n > 1<<20 {
			t.Errorf("%d bytes are allocated", n)
		}
		if err != nil {
			return
		}
		if len(got.Payload) > MaxPayload {
			t.Fatalf("a payload of %d bytes comes out", len(got.Payload))
		}
		want := bytes.Clone(got.Payload)
		if got, _, err = d.Next(e.Append(nil, TypeJobs, want)); err != nil || !bytes.Equal(got.Payload, want) {
			t.Errorf("%d bytes come back as %d (%v)", len(want), len(got.Payload), err)
		}
	})
}

func FuzzS2(f *testing.F) {
	f.Add(s2.Encode(nil, lines(2000)))
	f.Add(s2.EncodeBest(nil, lines(2000)))
	f.Add(s2.Encode(nil, make([]byte, MaxPayload+1)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	fuzzCompressed(f, S2)
}

func FuzzZstd(f *testing.F) {
	f.Add(zstdOf(f, lines(2000)))
	f.Add(streamed(f, lines(2000)))
	f.Add(zstdOf(f, make([]byte, MaxPayload+1)))
	f.Add(append(zstdHead(0x38, 0), block(true, 1, 128<<10, 'x')...))
	f.Add([]byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff})
	fuzzCompressed(f, Zstd)
}

// FuzzLinked reads anything as what goes on from other payloads.
func FuzzLinked(f *testing.F) {
	text := lines(2000)
	e, _ := mode{Linked, false}.ends()
	first := slices.Clone(linkedOf(f, e.Append(nil, TypeJobs, text)))
	f.Add(first)
	f.Add(slices.Clone(linkedOf(f, e.Append(nil, TypeJobs, text))))
	f.Add(streamed(f, text, zstd.WithWindowSize(linkedWindow)))
	f.Add(append(zstdHead(0x38, 0), block(true, 1, 128<<10, 'x')...))
	f.Add(block(false, 1, MaxPayload+1, 'x'))
	f.Add(append(block(true, 0, 1, 'x'), zstdHead(0x50, 0)...))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > MaxPayload {
			return
		}
		e, d := mode{Linked, false}.ends()
		if _, _, err := d.Next(raw(TypeJobs, byte(Linked), first)); err != nil {
			t.Fatal(err)
		}
		var got Frame
		var err error
		// The window, if it has not been as large, and the tables of the zstd library.
		if n := allocated(func() { got, _, err = d.Next(raw(TypeJobs, byte(Linked), payload)) }); n > 3*linkedWindow {
			t.Errorf("%d bytes are allocated", n)
		}
		if err != nil {
			return
		}
		if len(got.Payload) > MaxPayload {
			t.Fatalf("a payload of %d bytes comes out", len(got.Payload))
		}
		for range 2 {
			if got, _, err = d.Next(e.Append(nil, TypeJobs, text)); err != nil || !bytes.Equal(got.Payload, text) {
				t.Errorf("what begins anew comes back with %d bytes (%v)", len(got.Payload), err)
			}
		}
	})
}

// FuzzSealed: what nobody sealed does not open, and what a peer with the key
// seals is taken as it would be without.
func FuzzSealed(f *testing.F) {
	for _, m := range messages {
		f.Add(NewEncoder(nil).Append(nil, m.typ, m.again(nil, m.value))[HeaderLen:])
	}
	f.Add(sealed(cipherAt(1), "of another frame"))
	f.Add(append([]byte{byte(TypeJobs), byte(S2)}, s2.Encode(nil, lines(2000))...))
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) < bodyLen || len(body) > bodyLen+MaxPayload {
			return
		}
		frame := func(body []byte) []byte {
			n := len(body)
			return append([]byte{byte(n), byte(n >> 8), 0, 0}, body...)
		}
		s := NewScratch()
		locked, open := NewDecoder(s), NewDecoder(NewScratch())
		locked.SetCipher(cipherAt(0))
		if _, n, err := locked.Next(frame(body)); err == nil || n != 0 {
			t.Fatalf("%x opens", body)
		}
		want, _, wantErr := open.Next(frame(body))
		got, _, err := locked.Next(frame(sealed(cipherAt(0), string(body))))
		if (err == nil) != (wantErr == nil) || got.Type != want.Type || !bytes.Equal(got.Payload, want.Payload) {
			t.Errorf("sealed it is %v %x (%v), else %v %x (%v)", got.Type, got.Payload, err, want.Type, want.Payload, wantErr)
		}
	})
}

func FuzzRespond(f *testing.F) {
	for _, key := range []*Key{nil, &goldenKey, &otherKey} {
		_, opening := Start(key)
		f.Add(opening, false)
		f.Add(opening, true)
	}
	f.Add([]byte("GET / HTTP/1.0\r\n"), false)
	_, known := start(&goldenKey, goldenWorker())
	f.Fuzz(func(t *testing.T, opening []byte, insecure bool) {
		reply, s, err := Respond([]Key{goldenKey}, insecure, opening)
		if (err == nil) != (len(reply) >= PrefixLen && reply[5] == accepted) {
			t.Errorf("%q is answered with %q (%v)", opening, reply, err)
		}
		if err != nil && s != (Secrets{}) {
			t.Errorf("%q gets secrets (%v)", opening, err)
		}
		if err == nil && (s == Secrets{}) != insecure {
			t.Errorf("%q gets %v", opening, s)
		}
		if err == nil && !insecure && len(opening) != len(known) {
			t.Errorf("%q is let in", opening)
		}
	})
}

func FuzzFinish(f *testing.F) {
	_, opening := start(&goldenKey, goldenWorker())
	good, _, err := Respond([]Key{goldenKey}, false, opening)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:20])
	f.Add(opening)
	for verdict := range byte(7) {
		f.Add(prefix(verdict))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		o, _ := Start(nil)
		s, err := o.Finish(reply)
		if s != (Secrets{}) || (err == nil) != (string(reply) == "JOBP\x01\x00") {
			t.Errorf("without a key, %q gives %v (%v)", reply, s, err)
		}
		o, _ = Start(&goldenKey) // to which nobody has answered
		if s, err := o.Finish(reply); err == nil || s != (Secrets{}) {
			t.Errorf("with a key, %q gives %v", reply, s)
		}
	})
}
