package codec

import "encoding/binary"

// Answers is what came in line mode, of jobs that succeeded: Count lines, each
// with its delimiter.
//
//	uv seq | uv count | uv start | uv took | bytes
type Answers struct {
	Seq, Count uint64
	Start      uint64 // microseconds since 1970: the command began with the first
	Took       uint64 // microseconds, until it had answered the last
	Lines      []byte
}

// AppendAnswers appends m to dst.
func AppendAnswers(dst []byte, m Answers) []byte {
	dst = binary.AppendUvarint(dst, m.Seq)
	dst = binary.AppendUvarint(dst, m.Count)
	dst = binary.AppendUvarint(dst, m.Start)
	dst = binary.AppendUvarint(dst, m.Took)
	return append(dst, m.Lines...)
}

// ParseAnswers is the inverse of AppendAnswers. That there are Count lines is
// left to who knows the delimiter; there are at least enough bytes for them.
func ParseAnswers(payload []byte) (Answers, error) {
	c := &cursor{rest: payload}
	s := c.span()
	m := Answers{Seq: s.Seq, Count: s.Count, Start: c.uv(), Took: c.uv()}
	m.Lines = c.lines("lines", m.Count)
	return done(c, TypeAnswers, m)
}

// Outcome is how a job ended.
type Outcome uint8

// The outcomes of a job. What Result.Code is depends on them.
const (
	Exited     Outcome = iota // by itself; the code is its status
	Signaled                  // the code is the number of the signal
	TimedOut                  // ran out of time
	TooLarge                  // printed more than the worker allows
	Unrunnable                // could not be run, or has no answer in line mode; the note says why
)

// Result is how a job ended and what it printed. A Results payload is one or
// more of them.
//
//	uv seq | uv attempt | u8 outcome | uv code | uv start | uv took
//	| uv n | uv o | uv e | note [n] | stdout [o] | stderr [e]
type Result struct {
	Seq, Attempt   uint64
	Outcome        Outcome
	Code           uint64
	Start          uint64 // microseconds since 1970
	Took           uint64 // microseconds
	Note           []byte
	Stdout, Stderr []byte // what no ResultPart carried
}

// AppendResult appends m to dst.
func AppendResult(dst []byte, m Result) []byte {
	dst = binary.AppendUvarint(dst, m.Seq)
	dst = binary.AppendUvarint(dst, m.Attempt)
	dst = append(dst, byte(m.Outcome))
	dst = binary.AppendUvarint(dst, m.Code)
	dst = binary.AppendUvarint(dst, m.Start)
	dst = binary.AppendUvarint(dst, m.Took)
	dst = binary.AppendUvarint(dst, uint64(len(m.Note)))
	dst = binary.AppendUvarint(dst, uint64(len(m.Stdout)))
	dst = binary.AppendUvarint(dst, uint64(len(m.Stderr)))
	dst = append(dst, m.Note...)
	dst = append(dst, m.Stdout...)
	return append(dst, m.Stderr...)
}

// ResultSize is how many bytes AppendResult appends.
func ResultSize(m Result) int {
	n, o, e := len(m.Note), len(m.Stdout), len(m.Stderr)
	return varintLen(m.Seq) + varintLen(m.Attempt) + 1 + varintLen(m.Code) + varintLen(m.Start) + varintLen(m.Took) +
		varintLen(uint64(n)) + varintLen(uint64(o)) + varintLen(uint64(e)) + n + o + e
}

// NextResult reads the first result of a payload, and returns what comes after
// it: nothing after the last. An empty payload is an error.
func NextResult(payload []byte) (r Result, rest []byte, err error) {
	c := &cursor{rest: payload}
	r = Result{
		Seq: c.seq(), Attempt: c.positive("attempt"),
		Outcome: Outcome(c.choice("outcome", uint8(Exited), uint8(Unrunnable))),
		Code:    c.uv(), Start: c.uv(), Took: c.uv(),
	}
	n, o, e := c.uv(), c.uv(), c.uv()
	r.Note, r.Stdout, r.Stderr = c.take(n), c.take(o), c.take(e)
	rest = c.tail()
	r, err = done(c, TypeResults, r)
	if err != nil {
		return r, nil, err
	}
	return r, rest, nil
}

// ResultPart is more of what a job printed, on one of its streams.
//
//	uv seq | uv attempt | u8 stream | bytes
type ResultPart struct {
	Seq, Attempt uint64
	Stream       uint8 // 1: stdout, 2: stderr
	Data         []byte
}

// AppendResultPart appends m to dst.
func AppendResultPart(dst []byte, m ResultPart) []byte {
	dst = binary.AppendUvarint(dst, m.Seq)
	dst = binary.AppendUvarint(dst, m.Attempt)
	dst = append(dst, m.Stream)
	return append(dst, m.Data...)
}

// ParseResultPart is the inverse of AppendResultPart.
func ParseResultPart(payload []byte) (ResultPart, error) {
	c := &cursor{rest: payload}
	m := ResultPart{Seq: c.seq(), Attempt: c.positive("attempt"), Stream: c.choice("stream", 1, 2), Data: c.tail()}
	return done(c, TypeResultPart, m)
}
