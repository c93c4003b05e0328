package codec

import (
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Compression is how payloads are made smaller. In a frame it is the value of
// the flags, in Hello.Compressions the number of a bit.
type Compression uint8

// The compressions.
const (
	None Compression = iota
	S2               // the block format of S2
	Zstd             // one or more frames of RFC 8878, without dictionaries

	// Either is for Welcome only: S2 or Zstd, as the sender of each frame finds
	// better. See Encoder.SetSlow.
	Either

	Linked // like Zstd, but a payload may refer to those before it

	// EitherLinked is for Welcome only: S2 or Linked, like Either.
	EitherLinked
)

// Below these sizes compression costs more than it saves.
const (
	leastS2     = 512
	leastZstd   = 1024
	leastLinked = 256
)

// Links tells whether payloads may be Linked where this was agreed on. Then each end
// may have to keep a window of what it was sent.
func (c Compression) Links() bool { return c == Linked || c == EitherLinked }

// known tells whether it may stand in a frame.
func (c Compression) known() bool { return c <= Zstd || c == Linked }

// worth tells whether it makes sense to try on n bytes.
func (c Compression) worth(n int) bool {
	switch c {
	case S2:
		return n >= leastS2
	case Zstd:
		return n >= leastZstd
	case Linked:
		return n >= leastLinked
	}
	return false
}

// shrunk tells whether from n bytes to m is worth it to the receiver.
func shrunk(n, m int) bool { return m <= n-n/8 }

// Scratch is memory in which frames are made and taken apart. Encoders and
// decoders share one if they belong to the same goroutine: a connection then
// costs nothing but its ciphers. What it holds is made when first needed, which
// is up to about two MiB with zstd, else 128 KiB.
type Scratch struct {
	flat  []byte // a payload in one piece, to be compressed
	plain []byte // a decompressed payload
	enc   *zstd.Encoder
	dec   *zstd.Decoder
}

// NewScratch returns a Scratch with nothing in it.
func NewScratch() *Scratch { return &Scratch{} }

// join returns the pieces, of n bytes together, as one.
func (s *Scratch) join(pieces [][]byte, n int) []byte {
	if len(pieces) == 1 {
		return pieces[0]
	}
	if s.flat == nil {
		s.flat = make([]byte, 0, MaxPayload)
	}
	s.flat = s.flat[:0]
	for _, p := range pieces {
		s.flat = append(s.flat, p...)
	}
	return s.flat[:n]
}

// compress appends the compressed src to dst. If that is not worth it, it
// returns false, and dst as it was.
func (s *Scratch) compress(dst []byte, c Compression, src []byte) ([]byte, bool) {
	from := len(dst)
	switch c {
	case S2:
		dst = slices.Grow(dst, s2.MaxEncodedLen(len(src)))
		dst = dst[:from+len(s2.Encode(dst[from:from:cap(dst)], src))]
	case Zstd:
		if s.enc == nil {
			s.enc = newZstdEncoder()
		}
		dst = slices.Grow(dst, s.enc.MaxEncodedSize(len(src)))
		dst = s.enc.EncodeAll(src, dst)
	}
	if !shrunk(len(src), len(dst)-from) {
		return dst[:from], false
	}
	return dst, true
}

var errNothing = errors.New("a compressed payload of no bytes")

// room is memory for a decompressed payload, and for a byte more, which tells that
// there is too much.
func (s *Scratch) room() []byte {
	if s.plain == nil {
		s.plain = make([]byte, 0, MaxPayload+1)
	}
	return s.plain
}

// decompress returns what src holds, in memory of the Scratch.
func (s *Scratch) decompress(c Compression, src []byte) ([]byte, error) {
	dst := s.room()
	if len(src) == 0 {
		return nil, errNothing // which the zstd library takes for no frame at all
	}
	if c == S2 {
		// The block begins with its size, which Decode would believe: up to 4 GiB.
		n, err := s2.DecodedLen(src)
		if err != nil {
			return nil, fmt.Errorf("a payload that is not S2: %w", err)
		}
		if n > MaxPayload {
			return nil, tooLarge(n)
		}
		out, err := s2.Decode(dst, src)
		if err != nil {
			return nil, fmt.Errorf("a payload that is not S2: %w", err)
		}
		return out, nil
	}
	if s.dec == nil {
		s.dec = newZstdDecoder()
	}
	out, err := s.dec.DecodeAll(src, dst)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), len(out) > MaxPayload:
		return nil, fmt.Errorf("a payload of more than %d bytes, decompressed", MaxPayload)
	case err != nil:
		return nil, fmt.Errorf("a payload that is not zstd, or of a kind not read here: %w", err)
	}
	return out, nil
}

func tooLarge(n int) error {
	return fmt.Errorf("payload of %d bytes: at most %d are allowed", n, MaxPayload)
}

// newZstdEncoder returns an encoder for EncodeAll. It has no goroutine, so that
// nothing has to be closed; neither has the decoder. The higher levels are slower
// and on payloads of this size no better.
func newZstdEncoder() *zstd.Encoder {
	e, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), // TCP and the seal have better ones
		zstd.WithWindowSize(64<<10),
		zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
}

// newZstdDecoder returns a decoder for DecodeAll, which writes to the capacity
// that it is given and no further.
func newZstdDecoder() *zstd.Decoder {
	d, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(maxWindow), // limits windows, too
		zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
}
