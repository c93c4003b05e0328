package render

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// AppendBytes appends a member of an object, behind others: ,"name":"text" or, of
// what is no UTF-8, ,"name_b64":"base64".
func AppendBytes(dst []byte, name string, b []byte) []byte {
	n := leading(b, eighths) // without a look at each byte once more
	utf := n == len(b) || utf8.Valid(b[n:])
	dst = AppendName(dst, name, utf)
	switch {
	case n == len(b):
		dst = append(dst, b...)
	case utf:
		dst = appendEscaped(append(dst, b[:n]...), b[n:])
	default:
		dst = base64.StdEncoding.AppendEncode(dst, b)
	}
	return append(dst, '"')
}

// AppendName appends the beginning of such a member, up to the text.
func AppendName(dst []byte, name string, utf bool) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	if !utf {
		dst = append(dst, "_b64"...)
	}
	return append(dst, `":"`...)
}

// appendEscaped appends UTF-8, or a part of it, as it stands in a JSON string.
func appendEscaped(dst, b []byte) []byte {
	for {
		n := leading(b, 0)
		dst = append(dst, b[:n]...)
		if n == len(b) {
			return dst
		}
		switch c := b[n]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		b = b[n+1:]
	}
}

const (
	ones    = 0x0101010101010101
	eighths = 0x80 * ones // the highest bit of each byte
)

// leading is how many bytes at the beginning of b stand for themselves in a JSON
// string. With high all of them are ASCII, and else what is not is passed over.
// Eight bytes are looked at at a time: a subtraction borrows from the highest bit
// of those that are too small, and from no byte before the first of them.
func leading(b []byte, high uint64) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		v := binary.LittleEndian.Uint64(b[n:])
		control := v - ' '*ones
		quote := (v ^ '"'*ones) - ones
		slash := (v ^ '\\'*ones) - ones
		if odd := (control|quote|slash)&^v&eighths | v&high; odd != 0 {
			return n + bits.TrailingZeros64(odd)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c == '"' || c == '\\' || c&byte(high) != 0 {
			return n
		}
	}
	return n
}

// A Check finds out whether what comes in stretches is UTF-8 in all.
type Check struct {
	begun  [utf8.UTFMax]byte // the beginning of a character
	n      int               // bytes of it
	broken bool
}

// Add takes the next stretch.
func (c *Check) Add(b []byte) {
	for c.n > 0 && len(b) > 0 && !c.broken {
		c.begun[c.n] = b[0]
		c.n++
		b = b[1:]
		if utf8.FullRune(c.begun[:c.n]) {
			c.broken = !utf8.Valid(c.begun[:c.n])
			c.n = 0
		}
	}
	if c.broken || len(b) == 0 {
		return
	}
	// The last character may go on in the next stretch.
	end := len(b)
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if at := len(b) - back; utf8.RuneStart(b[at]) {
			if !utf8.FullRune(b[at:]) {
				end = at
			}
			break
		}
	}
	c.broken = !utf8.Valid(b[:end])
	c.n = copy(c.begun[:], b[end:])
}

// UTF8 reports whether it was UTF-8, if that is all.
func (c *Check) UTF8() bool { return !c.broken && c.n == 0 }
