package codec

import "encoding/binary"

// Held is what a worker still has, after its connection was cut: jobs that wait
// or run, and results that were not acknowledged.
//
//	u8 last | (uv seq | uv count | uv attempt) ...
type Held struct {
	Last  bool // no more follow
	Spans []HeldSpan
}

// HeldSpan is jobs that were handed out as Attempt.
type HeldSpan struct {
	Span
	Attempt uint64
}

// AppendHeld appends m to dst.
func AppendHeld(dst []byte, m Held) []byte {
	dst = append(dst, bit(m.Last))
	for _, s := range m.Spans {
		dst = appendSpans(dst, []Span{s.Span})
		dst = binary.AppendUvarint(dst, s.Attempt)
	}
	return dst
}

// ParseHeld is the inverse of AppendHeld.
func ParseHeld(payload []byte) (Held, error) {
	c := &cursor{rest: payload}
	m := Held{Last: c.flag("last")}
	if len(c.rest) > 0 {
		m.Spans = make([]HeldSpan, 0, c.varints()/3+1) // the last may be cut
	}
	for len(c.rest) > 0 {
		m.Spans = append(m.Spans, HeldSpan{c.span(), c.positive("attempt")})
	}
	return done(c, TypeHeld, m)
}
