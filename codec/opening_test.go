package codec

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/flynn/noise"
)

var otherKey = Key{9}

func TestHandshake(t *testing.T) {
	for _, keys := range [][]Key{{goldenKey}, {otherKey, goldenKey}, {goldenKey, otherKey}} {
		o, opening := Start(&goldenKey)
		if len(opening) != OpeningLen(opening[5]) {
			t.Fatalf("the opening has %d bytes, and OpeningLen says %d", len(opening), OpeningLen(opening[5]))
		}
		reply, c, err := Respond(keys, false, opening)
		if err != nil {
			t.Fatal(err)
		}
		w, err := o.Finish(reply)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []struct{ send, recv *Cipher }{{w.Send, c.Recv}, {c.Send, w.Recv}} {
			if plain, err := way.recv.open(sealed(way.send, "text")); err != nil || string(plain) != "text" {
				t.Errorf("a frame opens as %q (%v)", plain, err)
			}
		}
		if w.Send.state.UnsafeKey() == w.Recv.state.UnsafeKey() {
			t.Error("both directions have the same key")
		}
	}
}

func TestHandshakesDiffer(t *testing.T) {
	_, a := Start(&goldenKey)
	_, b := Start(&goldenKey)
	if bytes.Equal(a, b) {
		t.Error("two openings are the same")
	}
}

func TestPlain(t *testing.T) {
	o, opening := Start(nil)
	if string(opening) != "JOBP\x01\x00" {
		t.Errorf("the opening is %q", opening)
	}
	reply, c, err := Respond(nil, true, opening)
	if err != nil || string(reply) != "JOBP\x01\x00" || c != (Secrets{}) {
		t.Errorf("the answer is %q, %v (%v)", reply, c, err)
	}
	if w, err := o.Finish(reply); err != nil || w != (Secrets{}) {
		t.Errorf("the end is %v (%v)", w, err)
	}
}

func TestOpeningLen(t *testing.T) {
	for security, want := range map[byte]int{0: 6, 1: 54, 2: 6, 7: 6, 255: 6} {
		if got := OpeningLen(security); got != want {
			t.Errorf("with security %d an opening has %d bytes, want %d", security, got, want)
		}
	}
}

// Whoever is refused learns why, on both sides.
func TestRefused(t *testing.T) {
	keys := []Key{goldenKey}
	with := func(i int, b byte) func([]byte) { return func(o []byte) { o[i] = b } }
	damaged := func(i int) func([]byte) { return func(o []byte) { o[i] ^= 0xff } }
	as := func([]byte) {}
	tests := []struct {
		name        string
		key         *Key
		mod         func([]byte)
		keys        []Key
		insecure    bool
		verdict     byte // 0: no answer
		coordinator string
		worker      string
	}{
		{"no key", nil, as, keys, false, keyNeeded, "came without a key", "lets nobody in without a key"},
		{"no key at either end", nil, as, nil, false, keyNeeded, "came without a key", "without a key"},
		{"a key too many", &goldenKey, as, keys, true, keyless, "there is none here", "runs with --insecure"},
		{"the wrong key", &otherKey, as, keys, false, keysDiffer, "another key", "copy its key file here"},
		{"no keys to compare", &goldenKey, as, nil, false, keysDiffer, "another key", "another key"},
		{"a damaged point", &goldenKey, damaged(6), keys, false, keysDiffer, "another key", "another key"},
		{"a damaged tag", &goldenKey, damaged(53), keys, false, keysDiffer, "another key", "another key"},
		{"a later version", &goldenKey, with(4, 2), keys, false, otherFormat, "speaks version 2", "same release"},
		{"an unknown security", nil, with(5, 7), keys, false, otherFormat, "security 7", "same release"},
		{"not us", nil, with(0, 'G'), keys, true, 0, `begins with "GOBP\x01\x00"`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, opening := Start(test.key)
			test.mod(opening)
			reply, s, err := Respond(test.keys, test.insecure, opening)
			if err == nil || !strings.Contains(err.Error(), test.coordinator) || s != (Secrets{}) {
				t.Errorf("the coordinator says %v, %v; want %q", s, err, test.coordinator)
			}
			if test.verdict == 0 {
				if len(reply) > 0 {
					t.Errorf("the answer is %q, want none", reply)
				}
				return
			}
			if want := append([]byte("JOBP\x01"), test.verdict); !bytes.Equal(reply, want) {
				t.Fatalf("the answer is %q, want %q", reply, want)
			}
			s, err = o.Finish(reply)
			if err == nil || !strings.Contains(err.Error(), test.worker) || s != (Secrets{}) {
				t.Errorf("the worker says %v, %v; want %q", s, err, test.worker)
			}
		})
	}
}

func TestWrongLengths(t *testing.T) {
	_, opening := Start(&goldenKey)
	for n := range len(opening) {
		if reply, s, err := Respond([]Key{goldenKey}, false, opening[:n]); err == nil || reply != nil || s != (Secrets{}) {
			t.Errorf("%d bytes of an opening are answered with %q", n, reply)
		}
	}
	if reply, _, err := Respond([]Key{goldenKey}, false, append(opening, 0)); err == nil || reply != nil {
		t.Error("an opening that is too long is accepted")
	}
}

func TestFinishErrors(t *testing.T) {
	_, opening := Start(&goldenKey)
	good, _, err := Respond([]Key{goldenKey}, false, opening)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		key   *Key
		reply []byte
		err   string
	}{
		{"nothing", &goldenKey, nil, "cut short"},
		{"five bytes", &goldenKey, []byte("JOBP\x01"), "cut short"},
		{"http", &goldenKey, []byte("HTTP/1.1 400 Bad Request"), "no jobpipe coordinator"},
		{"busy", &goldenKey, Busy(), "busy"},
		{"another version", nil, []byte("JOBP\x02\x00"), "version 2"},
		{"an unknown verdict", nil, []byte("JOBP\x01\x09"), "verdict 9"},
		{"no message", &goldenKey, []byte("JOBP\x01\x00"), "6 bytes instead of 54"},
		{"a message unasked", nil, good, "48 bytes too long"},
		{"the answer to another", &goldenKey, good, "does not have it"},
		{"zeros", &goldenKey, append([]byte("JOBP\x01\x00"), make([]byte, noiseLen)...), "does not have it"},
		{"our own opening", &goldenKey, opening, "lets nobody in"}, // its security is where the verdict is
	}
	for _, test := range tests {
		o, _ := Start(test.key)
		s, err := o.Finish(test.reply)
		if err == nil || !strings.Contains(err.Error(), test.err) || s != (Secrets{}) {
			t.Errorf("%s: %v, %v; want %q", test.name, s, err, test.err)
		}
	}
}

// The first message of a handshake can be replayed: it gets an answer, and
// nothing that was sealed before is worth anything.
func TestReplay(t *testing.T) {
	o, opening := Start(&goldenKey)
	reply, _, err := Respond([]Key{goldenKey}, false, opening)
	if err != nil {
		t.Fatal(err)
	}
	w, err := o.Finish(reply)
	if err != nil {
		t.Fatal(err)
	}
	recorded := sealed(w.Send, "hello")
	_, c, err := Respond([]Key{goldenKey}, false, opening)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := c.Recv.open(recorded); err == nil {
		t.Errorf("a recorded frame opens as %q", plain)
	}
}

// Nobody gets anywhere by sending back what we sent.
func TestReflection(t *testing.T) {
	o, opening := Start(&goldenKey)
	reply, c, err := Respond([]Key{goldenKey}, false, opening)
	if err != nil {
		t.Fatal(err)
	}
	mirrored := bytes.Clone(reply)
	mirrored[5] = keyed
	if answer, s, err := Respond([]Key{goldenKey}, false, mirrored); err == nil || s != (Secrets{}) || answer[5] != keysDiffer {
		t.Errorf("a coordinator takes its own answer for an opening (%v)", err)
	}
	mirrored = bytes.Clone(opening)
	mirrored[5] = accepted
	if s, err := o.Finish(mirrored); err == nil || s != (Secrets{}) {
		t.Error("a worker takes its own opening for an answer")
	}
	frame := sealed(c.Send, "text")
	if plain, err := c.Recv.open(frame); err == nil {
		t.Errorf("a coordinator opens its own frame: %q", plain)
	}
}

// A point of low order would make a secret that everybody can know.
func TestLowOrder(t *testing.T) {
	state, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: noise.NewCipherSuite(zeroPoint{noise.DH25519}, aesGCM{}, noise.HashSHA256),
		Pattern:     noise.HandshakeNN, Initiator: true, Prologue: []byte(prologue), PresharedKey: goldenKey[:],
	})
	if err != nil {
		t.Fatal(err)
	}
	opening, _, _, err := state.WriteMessage(prefix(keyed), nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, s, err := Respond([]Key{goldenKey}, false, opening)
	if err == nil || reply != nil || s != (Secrets{}) || !strings.Contains(err.Error(), "bad point") {
		t.Errorf("it is answered with %q (%v)", reply, err)
	}
}

type zeroPoint struct{ noise.DHFunc }

func (zeroPoint) GenerateKeypair(io.Reader) (noise.DHKey, error) {
	return noise.DHKey{Private: make([]byte, 32), Public: make([]byte, 32)}, nil
}
