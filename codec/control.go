package codec

import (
	"encoding/binary"
	"fmt"
)

// Ack returns credit, and tells which jobs' answers are safe.
//
//	uv credit | (uv seq | uv count) ...
type Ack struct {
	Credit uint64 // bytes
	Spans  []Span
}

// AppendAck appends m to dst.
func AppendAck(dst []byte, m Ack) []byte {
	return appendSpans(binary.AppendUvarint(dst, m.Credit), m.Spans)
}

// ParseAck is the inverse of AppendAck.
func ParseAck(payload []byte) (Ack, error) {
	c := &cursor{rest: payload}
	return done(c, TypeAck, Ack{Credit: c.uv(), Spans: c.spans()})
}

// Revoke asks for up to Count jobs that have not started, the last ones first.
//
//	uv count
type Revoke struct{ Count uint64 }

// AppendRevoke appends m to dst.
func AppendRevoke(dst []byte, m Revoke) []byte { return binary.AppendUvarint(dst, m.Count) }

// ParseRevoke is the inverse of AppendRevoke.
func ParseRevoke(payload []byte) (Revoke, error) {
	c := &cursor{rest: payload}
	return done(c, TypeRevoke, Revoke{Count: c.positive("count")})
}

// GiveBack is jobs that the worker will not run.
//
//	(uv seq | uv count) ...
type GiveBack struct{ Spans []Span }

// AppendGiveBack appends m to dst.
func AppendGiveBack(dst []byte, m GiveBack) []byte { return appendSpans(dst, m.Spans) }

// ParseGiveBack is the inverse of AppendGiveBack.
func ParseGiveBack(payload []byte) (GiveBack, error) {
	c := &cursor{rest: payload}
	return done(c, TypeGiveBack, GiveBack{Spans: c.spans()})
}

// Cancel is jobs to stop or forget. They may be given back.
//
//	(uv seq | uv count) ...
type Cancel struct{ Spans []Span }

// AppendCancel appends m to dst.
func AppendCancel(dst []byte, m Cancel) []byte { return appendSpans(dst, m.Spans) }

// ParseCancel is the inverse of AppendCancel.
func ParseCancel(payload []byte) (Cancel, error) {
	c := &cursor{rest: payload}
	return done(c, TypeCancel, Cancel{Spans: c.spans()})
}

func appendSpans(dst []byte, spans []Span) []byte {
	for _, s := range spans {
		dst = binary.AppendUvarint(dst, s.Seq)
		dst = binary.AppendUvarint(dst, s.Count)
	}
	return dst
}

// Prefer asks for the result of one job before all others, with credit for it
// alone.
//
//	uv seq | uv credit
type Prefer struct {
	Seq    uint64
	Credit uint64 // bytes
}

// AppendPrefer appends m to dst.
func AppendPrefer(dst []byte, m Prefer) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, m.Seq), m.Credit)
}

// ParsePrefer is the inverse of AppendPrefer.
func ParsePrefer(payload []byte) (Prefer, error) {
	c := &cursor{rest: payload}
	return done(c, TypePrefer, Prefer{Seq: c.seq(), Credit: c.uv()})
}

// Slots changes how many jobs the worker runs at a time; 0: none for now. In line
// mode it may be more than one for each of its processes.
//
//	uv slots
type Slots struct{ Slots uint32 }

// AppendSlots appends m to dst.
func AppendSlots(dst []byte, m Slots) []byte { return binary.AppendUvarint(dst, uint64(m.Slots)) }

// ParseSlots is the inverse of AppendSlots.
func ParseSlots(payload []byte) (Slots, error) {
	c := &cursor{rest: payload}
	return done(c, TypeSlots, Slots{Slots: c.slots()})
}

// pingLen is the size of a Ping and a Pong, which have no inner form. Decoder
// checks it, so that an answer is the payload as it came.
const pingLen = 8

func checkPing(t Type, payload []byte) error {
	if len(payload) != pingLen {
		return fmt.Errorf("malformed %v: %d bytes instead of %d", t, len(payload), pingLen)
	}
	return nil
}

// How a run is over.
const (
	OverDone uint8 = iota // every answer is safe
	OverStop              // nothing more is wanted
)

// Over ends the run.
//
//	u8 how
type Over struct{ How uint8 }

// AppendOver appends m to dst.
func AppendOver(dst []byte, m Over) []byte { return append(dst, m.How) }

// ParseOver is the inverse of AppendOver.
func ParseOver(payload []byte) (Over, error) {
	c := &cursor{rest: payload}
	return done(c, TypeOver, Over{How: c.choice("how", OverDone, OverStop)})
}

// The reasons of a Goodbye.
const (
	GoodbyeDone      uint8 = iota // the run is over, or the worker has finished what it had
	GoodbyeSignal                 // a signal ended the worker
	GoodbyeCannotRun              // its command cannot be run
)

// Goodbye is the last frame of a worker.
//
//	u8 reason | bytes
type Goodbye struct {
	Reason   uint8
	Sentence string // for a person; may be empty
}

// AppendGoodbye appends m to dst. A sentence that is too long is cut.
func AppendGoodbye(dst []byte, m Goodbye) []byte {
	return append(append(dst, m.Reason), cut(m.Sentence, maxSentence)...)
}

// ParseGoodbye is the inverse of AppendGoodbye.
func ParseGoodbye(payload []byte) (Goodbye, error) {
	c := &cursor{rest: payload}
	return done(c, TypeGoodbye, Goodbye{Reason: c.choice("reason", GoodbyeDone, GoodbyeCannotRun), Sentence: c.sentence()})
}
