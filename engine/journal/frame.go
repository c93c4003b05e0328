package journal

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	magic     = "JPJ1"
	frameHead = 8 // length and checksum
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// first is the checksum that the header's goes on from.
var first = crc32.Checksum([]byte(magic), castagnoli)

// sumOf is the checksum of a frame behind one with the checksum before.
func sumOf(before uint32, body []byte) uint32 {
	var b [8]byte
	binary.LittleEndian.PutUint32(b[:4], before)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(body)))
	return crc32.Update(crc32.Checksum(b[:], castagnoli), castagnoli, body)
}

// appendFrame appends body as a frame, and returns its checksum too.
func appendFrame(dst []byte, before uint32, body []byte) ([]byte, uint32) {
	sum := sumOf(before, body)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, body...), sum
}

// A frame is one as it was found.
type frame struct {
	body []byte
	sum  uint32 // that stands in it
	next int    // where the next one begins
}

// frameAt returns the frame at off, if there is room for one. Nothing is
// allocated for the length that it claims.
func frameAt(data []byte, off int) (f frame, ok bool) {
	if off < 0 || len(data)-off < frameHead {
		return f, false
	}
	n := binary.LittleEndian.Uint32(data[off:])
	if n == 0 || int64(n) > int64(len(data)-off-frameHead) {
		return f, false
	}
	begin := off + frameHead
	return frame{
		body: data[begin : begin+int(n)],
		sum:  binary.LittleEndian.Uint32(data[off+4:]),
		next: begin + int(n),
	}, true
}

// follows reports whether the frame is good behind one with that checksum.
func (f frame) follows(before uint32) bool { return sumOf(before, f.body) == f.sum }

// goodBehind looks for good frames behind a damaged one at off, which stands
// behind the checksum before. A frame is good when it goes on from the checksum
// that the damaged one has, or should have, or from that of a frame before it.
func goodBehind(data []byte, off int, before uint32) (found []frame) {
	var seeds []uint32
	if len(data)-off >= frameHead {
		seeds = append(seeds, binary.LittleEndian.Uint32(data[off+4:]))
	}
	if bad, ok := frameAt(data, off); ok {
		seeds = append(seeds, sumOf(before, bad.body))
	}
	for at := off + 1; at < len(data); at++ {
		f, ok := frameAt(data, at)
		if !ok || !follower(f.body[0]) {
			continue
		}
		good := false
		for _, s := range seeds {
			good = good || f.follows(s)
		}
		next, ok := frameAt(data, f.next)
		switch {
		case good:
			found = append(found, f)
		case ok && next.follows(f.sum):
			f = next
			found = append(found, f)
		default:
			continue
		}
		for {
			next, ok := frameAt(data, f.next)
			if !ok || !next.follows(f.sum) {
				return found
			}
			found = append(found, next)
			f = next
		}
	}
	return nil
}
