package journal

import (
	"encoding/binary"
	"errors"
)

// The kinds of bodies.
const (
	kindHeader  = 'H'
	kindResults = 'R'
	kindSynced  = 'S'
	kindClosed  = 'X'
)

// follower reports whether such a body may stand behind another.
func follower(kind byte) bool {
	return kind == kindResults || kind == kindSynced || kind == kindClosed
}

// Results is the body of an R: jobs that are done, failed ones too, since the
// record before.
type Results struct {
	Done   []Span
	Failed []Span // of those
	End    int64  // of their results, as a place in the file
	Sum    uint32 // of all results from the base to there
	Points []Point
	Tip    Point // how far the input was read
	Total  uint64
}

func appendResults(dst []byte, r *Results) []byte {
	dst = append(dst, kindResults)
	dst = binary.AppendUvarint(dst, r.Total)
	dst = binary.AppendUvarint(dst, uint64(r.End))
	dst = binary.LittleEndian.AppendUint32(dst, r.Sum)
	dst = appendSpans(dst, r.Done)
	dst = appendSpans(dst, r.Failed)
	return appendPoints(dst, r.Points, r.Tip)
}

func parseResults(b []byte) (r Results, err error) {
	c := cursor{rest: b}
	c.byte()
	r.Total = c.uint()
	r.End = c.int()
	r.Sum = c.sum()
	r.Done = c.spans()
	r.Failed = c.spans()
	r.Points, r.Tip = c.points()
	return r, c.end()
}

func appendSpans(dst []byte, spans []Span) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(spans)))
	at := uint64(0)
	for _, s := range spans {
		// In completion order ranges may go back.
		dst = binary.AppendVarint(dst, int64(s.Lo-at))
		dst = binary.AppendUvarint(dst, s.Hi-s.Lo)
		at = s.Hi
	}
	return dst
}

func appendPoints(dst []byte, points []Point, tip Point) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(points)))
	var at Point
	for _, p := range append(points[:len(points):len(points)], tip) {
		dst = binary.AppendUvarint(dst, uint64(p.Offset-at.Offset))
		dst = binary.AppendUvarint(dst, p.Records-at.Records)
		dst = binary.LittleEndian.AppendUint32(dst, p.Sum)
		at = p
	}
	return dst
}

// A cursor takes a body apart. After the first error it returns zeros.
type cursor struct {
	rest []byte
	bad  bool
}

var errBody = errors.New("the body of a record makes no sense")

func (c *cursor) end() error {
	if c.bad || len(c.rest) > 0 {
		return errBody
	}
	return nil
}

func (c *cursor) take(n int) []byte {
	if c.bad || n < 0 || n > len(c.rest) {
		c.bad = true
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) byte() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) sum() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) uint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if c.take(max(n, -1)); n <= 0 {
		c.bad = true
	}
	if c.bad {
		return 0
	}
	return v
}

// int is a place in a file.
func (c *cursor) int() int64 {
	v := c.uint()
	if v > 1<<62 {
		c.bad = true
		return 0
	}
	return int64(v)
}

// count is how many things of at least so many bytes follow.
func (c *cursor) count(least int) int {
	n := c.uint()
	if n > uint64(len(c.rest)/least) {
		c.bad = true
		return 0
	}
	return int(n)
}

func (c *cursor) text() string { return string(c.take(c.count(1))) }

func (c *cursor) spans() []Span {
	n := c.count(2)
	if n == 0 {
		return nil
	}
	spans := make([]Span, 0, n)
	at := uint64(0)
	for range n {
		delta, used := binary.Varint(c.rest)
		if c.take(max(used, -1)); used <= 0 {
			c.bad = true
		}
		lo := at + uint64(delta)
		hi := lo + c.uint()
		if c.bad || lo < 1 || lo >= hi || hi > 1<<62 {
			c.bad = true
			return nil
		}
		spans = append(spans, Span{lo, hi})
		at = hi
	}
	return spans
}

func (c *cursor) points() (points []Point, tip Point) {
	n := c.count(6)
	if c.bad {
		return nil, tip
	}
	var at Point
	for range n + 1 {
		at.Offset += c.int()
		at.Records += c.uint()
		at.Sum = c.sum()
		if c.bad || at.Offset > 1<<62 || at.Records > 1<<62 {
			c.bad = true
			return nil, tip
		}
		points = append(points, at)
	}
	return points[:n:n], points[n]
}
