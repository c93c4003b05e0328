package codec

import "encoding/binary"

// Jobs is records to run, each with its delimiter; the last one of the input may
// lack it.
//
//	uv seq | uv count | uv attempt | bytes
type Jobs struct {
	Seq, Count, Attempt uint64
	Records             []byte
}

// AppendJobs appends m to dst. Without Records it appends what comes before them,
// for Encoder.Append, which takes a payload in pieces.
func AppendJobs(dst []byte, m Jobs) []byte {
	dst = binary.AppendUvarint(dst, m.Seq)
	dst = binary.AppendUvarint(dst, m.Count)
	dst = binary.AppendUvarint(dst, m.Attempt)
	return append(dst, m.Records...)
}

// ParseJobs is the inverse of AppendJobs. That there are Count records is left
// to who knows the delimiter; there are at least enough bytes for them.
func ParseJobs(payload []byte) (Jobs, error) {
	c := &cursor{rest: payload}
	s := c.span()
	m := Jobs{Seq: s.Seq, Count: s.Count, Attempt: c.positive("attempt")}
	m.Records = c.lines("records", m.Count)
	return done(c, TypeJobs, m)
}

// lines reads the rest, which is count pieces of at least a byte.
func (c *cursor) lines(what string, count uint64) []byte {
	b := c.tail()
	if c.err == nil && count > uint64(len(b)) {
		c.failf("%d %s in %d bytes", count, what, len(b))
	}
	return b
}

// JobPart is a piece of a record that does not fit one frame.
//
//	uv seq | uv attempt | u8 last | bytes
type JobPart struct {
	Seq, Attempt uint64
	Last         bool
	Data         []byte
}

// AppendJobPart appends m to dst.
func AppendJobPart(dst []byte, m JobPart) []byte {
	dst = binary.AppendUvarint(dst, m.Seq)
	dst = binary.AppendUvarint(dst, m.Attempt)
	dst = append(dst, bit(m.Last))
	return append(dst, m.Data...)
}

// ParseJobPart is the inverse of AppendJobPart.
func ParseJobPart(payload []byte) (JobPart, error) {
	c := &cursor{rest: payload}
	m := JobPart{Seq: c.seq(), Attempt: c.positive("attempt"), Last: c.flag("last"), Data: c.tail()}
	return done(c, TypeJobPart, m)
}
