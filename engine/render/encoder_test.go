package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// An essay is an encoder whose output is kept.
type essay struct {
	Encoder
	t       *testing.T
	out     []byte
	largest int // of what was written at a time
}

func newEssay(t *testing.T) *essay {
	e := &essay{t: t}
	e.Delim = '\n'
	e.Write = func(b []byte) error {
		e.largest = max(e.largest, len(b))
		e.out = append(e.out, b...)
		return nil
	}
	return e
}

func (e *essay) add(form Form, b []byte) {
	e.t.Helper()
	if err := e.Encode(form, b); err != nil {
		e.t.Fatal(err)
	}
}

// FuzzEncoder: what comes in stretches, cut anywhere, is worded as if it had come
// at once.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte("a\"b\n\u20ac\n"), []byte("job"), uint8(1), uint8(5))
	f.Add([]byte("\xff\xfe\n"), []byte(""), uint8(1), uint8(1))
	f.Add([]byte("ab\xe2\x82"), []byte("\n"), uint8(3), uint8(3))
	f.Add([]byte(""), []byte("x"), uint8(0), uint8(0))
	f.Add(bytes.Repeat([]byte("0123456\n"), 100), bytes.Repeat([]byte("x"), 200), uint8(31), uint8(200))
	f.Fuzz(func(t *testing.T, text, tag []byte, first, second uint8) {
		a := min(int(first), len(text))
		b := a + min(int(second), len(text)-a)
		parts := [][]byte{text[:a], text[a:b], text[b:]}

		var c Check
		for _, p := range parts {
			c.Add(p)
		}
		if c.UTF8() != utf8.Valid(text) {
			t.Fatalf("%q in parts %q is UTF-8: %v", text, parts, c.UTF8())
		}
		form := Escaped
		if !c.UTF8() {
			form = Base64
		}
		e := newEssay(t)
		e.add(Plain, AppendName(nil, "x", c.UTF8()))
		for _, p := range parts {
			e.add(form, p)
		}
		e.add(Plain, []byte{'"'})
		if want := AppendBytes(nil, "x", text); !bytes.Equal(e.out, want) {
			t.Errorf("%q in parts %q is\n%q, want\n%q", text, parts, e.out, want)
		}

		e.out = nil
		for range 2 { // the second begins afresh
			e.add(Tag, tag[:len(tag)/2])
			e.add(Tag, append(tag[len(tag)/2:len(tag):len(tag)], '\t'))
			for _, p := range parts {
				e.add(Tagged, p)
			}
		}
		want := AppendTagged(AppendTagged(nil, tag, text, '\n'), tag, text, '\n')
		if !bytes.Equal(e.out, want) {
			t.Errorf("%q in parts %q with the tag %q is\n%q, want\n%q", text, parts, tag, e.out, want)
		}
	})
}

// However much comes out, it comes in pieces.
func TestEncoderIsBounded(t *testing.T) {
	huge := bytes.Repeat([]byte{0}, 3<<20)
	for form, want := range map[Form]int{Escaped: 6 * len(huge), Base64: 4 * len(huge) / 3} {
		e := newEssay(t)
		e.add(form, huge)
		if len(e.out) != want || e.largest > bufferSize || cap(e.buf) != bufferSize {
			t.Errorf("form %d: %d bytes, want %d; %d at a time, %d in memory", form, len(e.out), want, e.largest, cap(e.buf))
		}
	}

	e := newEssay(t)
	tag := bytes.Repeat([]byte{'t'}, 1<<20)
	e.add(Tag, tag)
	e.add(Tagged, []byte(strings.Repeat("\n", 50)))
	if len(e.out) != 50*(len(tag)+1) || e.largest > len(tag) || cap(e.buf) != bufferSize {
		t.Errorf("tagged: %d bytes, %d at a time, %d in memory", len(e.out), e.largest, cap(e.buf))
	}
	e.add(Tag, []byte("small"))
	e.add(Tagged, []byte("\n"))
	if cap(e.tag) > bufferSize {
		t.Errorf("%d bytes are kept for a tag", cap(e.tag))
	}
}

func TestEncoderStopsAtAnError(t *testing.T) {
	full := fmt.Errorf("full")
	for _, form := range []Form{Plain, Escaped, Base64, Tagged} {
		e := Encoder{Delim: '\n', Write: func([]byte) error { return full }}
		if err := e.Encode(form, make([]byte, 1<<20)); err != full {
			t.Errorf("form %d: %v", form, err)
		}
	}
}
