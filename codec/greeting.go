package codec

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf8"
)

// Hello is the first frame of a worker.
//
//	u8 lowest version | u8 highest version | u8 lines | uv slots
//	| session [16] | u8 compressions | uv n | name [n]
type Hello struct {
	MinVersion, MaxVersion uint8
	Lines                  bool     // it answers line by line
	Slots                  uint32   // at least 1
	Session                [16]byte // the same over reconnections
	Compressions           uint8    // bit n: it reads and writes Compression n
	Name                   string
}

// AppendHello appends m to dst. A name that is too long is cut.
func AppendHello(dst []byte, m Hello) []byte {
	name := cut(m.Name, MaxName)
	dst = append(dst, m.MinVersion, m.MaxVersion, bit(m.Lines))
	dst = binary.AppendUvarint(dst, uint64(m.Slots))
	dst = append(dst, m.Session[:]...)
	dst = append(dst, m.Compressions)
	dst = binary.AppendUvarint(dst, uint64(len(name)))
	return append(dst, name...)
}

// ParseHello is the inverse of AppendHello. The versions may be any: to find a
// common one, or none, is up to the caller.
func ParseHello(payload []byte) (Hello, error) {
	c := &cursor{rest: payload}
	m := Hello{MinVersion: c.u8(), MaxVersion: c.u8(), Lines: c.flag("lines"), Slots: c.slots()}
	if c.err == nil && m.Slots == 0 {
		c.failf("slots 0")
	}
	copy(m.Session[:], c.take(uint64(len(m.Session))))
	m.Compressions = c.u8()
	n := c.uv()
	if n > MaxName {
		c.failf("a name of %d bytes: at most %d are allowed", n, MaxName)
	}
	m.Name = string(c.take(n))
	return done(c, TypeHello, m)
}

// slots reads a number of slots.
func (c *cursor) slots() uint32 {
	n := c.uv()
	if n > math.MaxUint32 {
		c.failf("slots %d", n)
	}
	return uint32(n)
}

// Welcome is the answer to a Hello.
//
//	u8 version | run [16] | u8 compression | u8 delimiter
//	| uv dead after | uv timeout | uv credit | uv max job | uv grace | u8 resumed
//
// Times are in milliseconds.
type Welcome struct {
	Version     uint8
	Run         [16]byte
	Compression Compression
	Delim       byte          // newline or NUL
	DeadAfter   time.Duration // a silence that means the end
	Timeout     time.Duration // of a job; 0: none
	Credit      uint64        // bytes of results that may be on the way
	MaxJob      uint64        // bytes of the largest record
	Grace       time.Duration // how long a worker that lost its connection keeps its jobs; 0: it does not
	Resumed     bool          // the worker is known, and is to say what it has with Held
}

// AppendWelcome appends m to dst. Parts of milliseconds are rounded up.
func AppendWelcome(dst []byte, m Welcome) []byte {
	dst = append(dst, m.Version)
	dst = append(dst, m.Run[:]...)
	dst = append(dst, byte(m.Compression), m.Delim)
	dst = binary.AppendUvarint(dst, millis(m.DeadAfter))
	dst = binary.AppendUvarint(dst, millis(m.Timeout))
	dst = binary.AppendUvarint(dst, m.Credit)
	dst = binary.AppendUvarint(dst, m.MaxJob)
	dst = binary.AppendUvarint(dst, millis(m.Grace))
	return append(dst, bit(m.Resumed))
}

// ParseWelcome is the inverse of AppendWelcome. A time longer than a Duration
// can be, which is 292 years, becomes the longest.
func ParseWelcome(payload []byte) (Welcome, error) {
	c := &cursor{rest: payload}
	m := Welcome{Version: c.choice("version", MinVersion, MaxVersion)}
	copy(m.Run[:], c.take(uint64(len(m.Run))))
	m.Compression = Compression(c.choice("compression", uint8(None), uint8(EitherLinked)))
	m.Delim = c.u8()
	if m.Delim != '\n' && m.Delim != 0 {
		c.failf("delimiter %q", m.Delim)
	}
	m.DeadAfter, m.Timeout = c.duration(), c.duration()
	m.Credit, m.MaxJob = c.uv(), c.uv()
	m.Grace, m.Resumed = c.duration(), c.flag("resumed")
	return done(c, TypeWelcome, m)
}

// maxMillis is the longest Duration in milliseconds.
const maxMillis = uint64(math.MaxInt64 / time.Millisecond)

func (c *cursor) duration() time.Duration {
	return time.Duration(min(c.uv(), maxMillis)) * time.Millisecond
}

// millis rounds up: a timeout that is not 0 must not become none.
func millis(d time.Duration) uint64 {
	n := uint64(max(d, 0) / time.Millisecond)
	if d > 0 && d%time.Millisecond > 0 {
		n++
	}
	return n
}

// Refuse is instead of a Welcome, and ends the connection.
//
//	bytes
type Refuse struct{ Reason string } // a sentence for a person

// AppendRefuse appends m to dst. A sentence that is too long is cut.
func AppendRefuse(dst []byte, m Refuse) []byte {
	return append(dst, cut(m.Reason, maxSentence)...)
}

// ParseRefuse is the inverse of AppendRefuse.
func ParseRefuse(payload []byte) (Refuse, error) {
	c := &cursor{rest: payload}
	return done(c, TypeRefuse, Refuse{Reason: c.sentence()})
}

// cut shortens s to at most most bytes, and not within a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for i := most; i > most-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:most] // no UTF-8
}

// bit is a bool as a u8.
func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
