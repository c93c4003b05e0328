package codec

import (
	"errors"
	"math/bits"
)

// maxVarint is how many bytes of seven bits hold 64.
const maxVarint = 10

var (
	errCut     = errors.New("cut short")
	errPadded  = errors.New("a varint longer than it needs to be")
	errTooHigh = errors.New("a varint of 2^64 or more")
)

// readVarint reads an unsigned varint from the front of b, and says how many
// bytes it took: seven bits a byte, the lowest first, the top bit set in all but
// the last.
//
//	0xxxxxxx                    below 2^7
//	1xxxxxxx 0xxxxxxx           below 2^14
//	...                         10 bytes, of which the last is 1: below 2^64
//
// A number has one encoding only, so that a message has.
func readVarint(b []byte) (v uint64, n int, err error) {
	for i, c := range b {
		if i == maxVarint-1 && c > 1 {
			return 0, 0, errTooHigh
		}
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, 0, errPadded
			}
			return v | uint64(c)<<(7*i), i + 1, nil
		}
		v |= uint64(c&0x7f) << (7 * i)
	}
	return 0, 0, errCut
}

// varintLen is how many bytes v takes.
func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
