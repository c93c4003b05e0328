package output

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// tame makes text of others fit for a terminal, which takes control characters
// for orders: to type something into the shell that follows, say. Lines and tabs
// stay; what cannot be seen is shown, as cat -v does, or by its number. The
// writer's goroutine owns it.
type tame struct {
	held []byte // the beginning of a character, or a CR that may be of a line end
	out  []byte
}

// clean returns what to write for b, valid until the next call.
func (t *tame) clean(b []byte) []byte {
	if len(t.held) > 0 {
		b = append(t.held, b...)
		t.held = nil
	}
	t.out = t.out[:0]
	for len(b) > 0 {
		if !utf8.FullRune(b) || len(b) == 1 && b[0] == '\r' {
			t.held = append([]byte(nil), b...)
			break
		}
		if b[0] == '\r' && b[1] == '\n' {
			b = b[1:]
		}
		r, n := utf8.DecodeRune(b)
		t.show(r, b[:n])
		b = b[n:]
	}
	return t.out
}

// rest is what clean has held back.
func (t *tame) rest() []byte {
	t.out = t.out[:0]
	for i := range t.held {
		r, _ := utf8.DecodeRune(t.held[i : i+1])
		t.show(r, t.held[i:i+1])
	}
	t.held = nil
	return t.out
}

// show appends a character, or what stands for it.
func (t *tame) show(r rune, b []byte) {
	switch {
	case r == '\n' || r == '\t' || unicode.IsGraphic(r) && (r != utf8.RuneError || len(b) > 1):
		t.out = append(t.out, b...)
	case r < ' ' || r == 0x7f:
		t.out = append(t.out, '^', byte(r)^0x40)
	case len(b) == 1:
		t.out = fmt.Appendf(t.out, `\x%02x`, b[0])
	default:
		t.out = fmt.Appendf(t.out, `\u%04x`, r)
	}
}
