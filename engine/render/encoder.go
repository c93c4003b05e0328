package render

import "encoding/base64"

// A Form is what is made of a stretch of bytes when it is written. What is too
// large to be held is kept as it is, and is worded then.
type Form uint8

// The forms.
const (
	Plain   Form = iota // as it is
	Escaped             // of a JSON string: it is UTF-8, or a part of it
	Base64              // all that come one after another are one text
	Tag                 // what stands before each line of the Tagged that follow
	Tagged              // lines, the first of which begins behind the Tag
)

// An Encoder writes stretches of bytes, each in its form. It holds no more than a
// tag and a buffer, whatever comes out. One goroutine owns it.
type Encoder struct {
	Delim byte               // ends the lines of Tagged
	Write func([]byte) error // takes what comes out, which it may not keep

	last    Form
	tag     []byte
	midline bool   // of Tagged: the tag is written
	rest    []byte // of Base64: one or two bytes that wait for a third
	buf     []byte
}

const (
	// stride is how much is escaped at a time: six times that may come out.
	stride = 3 << 13
	// bufferSize is what is collected before it is written.
	bufferSize = 6*stride + 64<<10
)

// Encode writes b. When it returns all is written, but for what of Base64 waits for
// more: the first stretch of another form ends it.
func (e *Encoder) Encode(form Form, b []byte) error {
	last := e.last
	e.last = form
	if form == Plain && len(e.rest) == 0 {
		return e.Write(b)
	}
	if e.buf == nil {
		e.buf = make([]byte, 0, bufferSize)
	}
	if form == Tag && last != Tag {
		if e.tag = e.tag[:0]; cap(e.tag) > bufferSize {
			e.tag = nil // the memory for a huge one is not kept
		}
		e.midline = false
	}
	if form != Base64 {
		e.buf = base64.StdEncoding.AppendEncode(e.buf, e.rest)
		e.rest = e.rest[:0]
	}
	var err error
	switch form {
	case Escaped:
		err = e.inStrides(b, appendEscaped)
	case Base64:
		err = e.base64(b)
	case Tag:
		e.tag = append(e.tag, b...)
	case Tagged:
		err = e.lines(b)
	default:
		err = e.put(b)
	}
	if err != nil {
		return err
	}
	return e.flush()
}

// inStrides writes what encode appends for b, so much at a time.
func (e *Encoder) inStrides(b []byte, encode func(dst, b []byte) []byte) error {
	for len(b) > 0 {
		n := min(len(b), stride)
		if cap(e.buf)-len(e.buf) < 6*n {
			if err := e.flush(); err != nil {
				return err
			}
		}
		e.buf = encode(e.buf, b[:n])
		b = b[n:]
	}
	return nil
}

// base64 writes all threes of bytes, and keeps the rest.
func (e *Encoder) base64(b []byte) error {
	for ; len(b) > 0 && len(e.rest) > 0; b = b[1:] {
		if e.rest = append(e.rest, b[0]); len(e.rest) == 3 {
			e.buf = base64.StdEncoding.AppendEncode(e.buf, e.rest)
			e.rest = e.rest[:0]
		}
	}
	if len(e.rest) > 0 {
		return nil
	}
	whole := len(b) / 3 * 3
	e.rest = append(e.rest, b[whole:]...)
	return e.inStrides(b[:whole], base64.StdEncoding.AppendEncode)
}

// lines writes b with the tag before each line.
func (e *Encoder) lines(b []byte) error {
	for len(b) > 0 {
		if !e.midline {
			if err := e.put(e.tag); err != nil {
				return err
			}
		}
		n := lineEnd(b, e.Delim)
		if err := e.put(b[:n]); err != nil {
			return err
		}
		e.midline = b[n-1] != e.Delim
		b = b[n:]
	}
	return nil
}

// put writes b as it is, through the buffer.
func (e *Encoder) put(b []byte) error {
	if len(b) > cap(e.buf)-len(e.buf) {
		if err := e.flush(); err != nil {
			return err
		}
		if len(b) > cap(e.buf) {
			return e.Write(b)
		}
	}
	e.buf = append(e.buf, b...)
	return nil
}

func (e *Encoder) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	err := e.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}
