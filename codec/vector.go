package codec

import (
	"encoding/binary"
	"slices"
)

// A Vector is frames to be written together, with writev(2): the bytes that were
// made for them, and between these payload that goes as it is and stays where it
// lies. The zero Vector is empty.
type Vector struct {
	made  []byte
	lent  []lent
	bytes int // lent
}

// lent is data that goes before made[at:].
type lent struct {
	at   int
	data []byte
}

const (
	// leastLent is from which size on it costs more to copy data than to lend it.
	leastLent = 16 << 10
	// mostMade is how much memory is worth keeping when the Vector is emptied.
	mostMade = 1 << 20
)

// Len is how many bytes are to be written.
func (v *Vector) Len() int { return len(v.made) + v.bytes }

// Lent reports whether some of them are somebody else's.
func (v *Vector) Lent() bool { return len(v.lent) > 0 }

// Slices appends to dst where they lie, in order.
func (v *Vector) Slices(dst [][]byte) [][]byte {
	from := 0
	for _, l := range v.lent {
		dst = append(dst, v.made[from:l.at], l.data)
		from = l.at
	}
	if from < len(v.made) {
		dst = append(dst, v.made[from:])
	}
	return dst
}

// Made is all that is to be written when nothing is lent.
func (v *Vector) Made() []byte { return v.made }

// Reset empties the Vector, and begins it with bytes, which may lie in it.
func (v *Vector) Reset(bytes []byte) {
	v.made = append(v.made[:0], bytes...)
	if cap(v.made) > mostMade {
		v.made = slices.Clone(v.made)
	}
	clear(v.lent)
	v.lent, v.bytes = v.lent[:0], 0
}

// Put appends a frame, as Append does.
func (e *Encoder) Put(v *Vector, t Type, payload ...[]byte) {
	v.made = e.Append(v.made, t, payload...)
}

// Lend is Put, but of a payload that goes as it is only the first piece is copied, if
// the others are large. They may not change before the Vector is written.
func (e *Encoder) Lend(v *Vector, t Type, payload ...[]byte) {
	head, data := payload[0], payload[1:]
	size := 0
	for _, d := range data {
		size += len(d)
	}
	if size < leastLent*len(data) || len(head)+size > MaxPayload || e.cipher != nil || e.compression != None {
		e.Put(v, t, payload...)
		return
	}
	v.made = binary.LittleEndian.AppendUint32(v.made, uint32(bodyLen+len(head)+size))
	v.made = append(v.made, byte(t), byte(None))
	v.made = append(v.made, head...)
	for _, d := range data {
		v.lent = append(v.lent, lent{len(v.made), d})
	}
	v.bytes += size
}
