package codec

import (
	"fmt"
	"math"
)

// A cursor reads the fields of a message one after another. After the first
// error it reads zeros, so that the error is looked at once, by done.
type cursor struct {
	rest []byte
	err  error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.rest = nil
}

func (c *cursor) failf(format string, args ...any) { c.fail(fmt.Errorf(format, args...)) }

// done returns m, or the error of c. Nothing may be left of the payload.
func done[M any](c *cursor, t Type, m M) (M, error) {
	if len(c.rest) > 0 {
		c.failf("%d bytes too many", len(c.rest))
	}
	if c.err != nil {
		var none M
		return none, fmt.Errorf("malformed %v: %w", t, c.err)
	}
	return m, nil
}

// take reads n bytes. They alias the payload.
func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.fail(errCut)
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

// tail reads whatever is left.
func (c *cursor) tail() []byte {
	b := c.rest
	c.rest = nil
	return b
}

func (c *cursor) u8() uint8 {
	if len(c.rest) == 0 {
		c.fail(errCut)
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

// choice reads a u8 from least to most.
func (c *cursor) choice(what string, least, most uint8) uint8 {
	v := c.u8()
	if c.err == nil && (v < least || v > most) {
		c.failf("%s %d", what, v)
	}
	return v
}

func (c *cursor) flag(what string) bool { return c.choice(what, 0, 1) == 1 }

func (c *cursor) uv() uint64 {
	v, n, err := readVarint(c.rest)
	if err != nil {
		c.fail(err)
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// positive reads a uv that may not be 0.
func (c *cursor) positive(what string) uint64 {
	v := c.uv()
	if c.err == nil && v == 0 {
		c.failf("%s 0", what)
	}
	return v
}

// seq reads the number of a job. The one after it is a number, too.
func (c *cursor) seq() uint64 {
	seq := c.positive("seq")
	if c.err == nil && seq == math.MaxUint64 {
		c.failf("seq %d", seq)
	}
	return seq
}

// span reads the numbers of jobs that follow each other:
//
//	uv seq | uv count
func (c *cursor) span() Span {
	s := Span{Seq: c.seq(), Count: c.positive("count")}
	if c.err == nil && s.Count > math.MaxUint64-s.Seq {
		c.failf("%d jobs from %d on", s.Count, s.Seq)
	}
	return s
}

// spans reads spans until the payload ends.
func (c *cursor) spans() []Span {
	if len(c.rest) == 0 {
		return nil
	}
	list := make([]Span, 0, c.varints()/2+1) // the last may be cut
	for len(c.rest) > 0 {
		list = append(list, c.span())
	}
	return list
}

// varints is how many of them end in what is left.
func (c *cursor) varints() (ends int) {
	for _, b := range c.rest {
		if b < 0x80 {
			ends++
		}
	}
	return ends
}

// sentence reads a text for people that takes the rest of the payload.
func (c *cursor) sentence() string {
	b := c.tail()
	if len(b) > maxSentence {
		c.failf("a sentence of %d bytes: at most %d are allowed", len(b), maxSentence)
		return ""
	}
	return string(b)
}
