package codec

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Frame is a message as it came out of a frame.
type Frame struct {
	Type    Type
	Payload []byte
}

// An Encoder makes frames of one direction of a connection:
//
//	u32 length | u8 type | u8 flags | payload
//	           |<------- length ----------->|
//
//	u32 length | sealed (u8 type | u8 flags | payload) | tag [16]
//	           |<--------------- length ----------------------->|
//
// The length is little-endian. The flags are the Compression of the payload,
// which happens before sealing.
type Encoder struct {
	scratch     *Scratch
	cipher      *Cipher
	compression Compression
	slow        Compression   // to change to on a slow link, and back to S2; None: no change
	linked      *linkedWriter // made when first needed
}

// NewEncoder returns an Encoder that neither compresses nor seals.
func NewEncoder(s *Scratch) *Encoder { return &Encoder{scratch: s} }

// SetScratch makes the Encoder use another Scratch: that of the goroutine to
// which it goes over.
func (e *Encoder) SetScratch(s *Scratch) { e.scratch = s }

// SetCipher makes the Encoder seal what follows, unless c is nil.
func (e *Encoder) SetCipher(c *Cipher) { e.cipher = c }

// SetCompression makes the Encoder compress what follows, where that helps; with
// Either and EitherLinked by S2, until SetSlow.
func (e *Encoder) SetCompression(c Compression) {
	e.compression, e.slow = c, None
	switch c {
	case Either:
		e.compression, e.slow = S2, Zstd
	case EitherLinked:
		e.compression, e.slow = S2, Linked
	}
}

// Adapts tells whether SetSlow makes a difference.
func (e *Encoder) Adapts() bool { return e.slow != None }

// SetSlow chooses between the two of Either: Zstd where the link is the
// bottleneck, as it makes about half as many bytes of text as S2, and otherwise
// S2, as it takes a third of the time. So it does with EitherLinked.
func (e *Encoder) SetSlow(slow bool) {
	switch {
	case !e.Adapts():
	case slow:
		e.compression = e.slow
	default:
		e.compression = S2
	}
}

// Append appends a frame to dst. The payload is the pieces one after another,
// MaxPayload bytes at most; they may not lie in the unused capacity of dst.
func (e *Encoder) Append(dst []byte, t Type, payload ...[]byte) []byte {
	size := 0
	for _, p := range payload {
		size += len(p)
	}
	if size > MaxPayload {
		panic(fmt.Sprintf("codec: %v: %v", t, tooLarge(size)))
	}
	head := len(dst)
	dst = slices.Grow(dst, HeaderLen+bodyLen+size+tagLen)
	dst = append(dst, 0, 0, 0, 0, byte(t), byte(None))
	done := false
	if t.compressible() && e.compression.worth(size) {
		dst, done = e.compress(dst, payload, size)
	}
	if done {
		dst[head+HeaderLen+1] = byte(e.compression)
	} else {
		for _, p := range payload {
			dst = append(dst, p...)
		}
	}
	if e.cipher != nil {
		dst = slices.Grow(dst, tagLen)
		dst = e.cipher.seal(dst, head+HeaderLen)
	}
	binary.LittleEndian.PutUint32(dst[head:], uint32(len(dst)-head-HeaderLen))
	return dst
}

// compress appends the payload of size bytes to dst, compressed, or returns false.
func (e *Encoder) compress(dst []byte, payload [][]byte, size int) ([]byte, bool) {
	if e.compression != Linked {
		return e.scratch.compress(dst, e.compression, e.scratch.join(payload, size))
	}
	if e.linked == nil {
		e.linked = newLinkedWriter()
	}
	return e.linked.append(dst, payload)
}

// A Decoder takes apart the frames that an Encoder makes.
type Decoder struct {
	scratch *Scratch
	cipher  *Cipher
	links   bool          // Linked was agreed on
	linked  *linkedReader // made when first needed
}

// NewDecoder returns a Decoder of frames that are not sealed.
func NewDecoder(s *Scratch) *Decoder { return &Decoder{scratch: s} }

// SetScratch makes the Decoder use another Scratch: that of the goroutine to
// which it goes over.
func (d *Decoder) SetScratch(s *Scratch) { d.scratch = s }

// SetCipher makes the Decoder open what follows, unless c is nil.
func (d *Decoder) SetCipher(c *Cipher) { d.cipher = c }

// SetCompression tells the Decoder what was agreed on, as far as that matters:
// only where it Links the other side may make us keep its window.
func (d *Decoder) SetCompression(c Compression) { d.links = c.Links() }

// Next takes the frame that buf begins with, and says how many bytes of buf it
// took: 0 as long as there is only part of one. The length is judged as soon as
// it is there.
//
// A sealed frame is opened in place, so buf changes, and the n bytes cannot be
// shown to a Decoder again. The payload lies in buf or in the Scratch: it is
// valid until buf is reused or any Decoder with the same Scratch is called. After
// an error the connection has to be closed.
func (d *Decoder) Next(buf []byte) (f Frame, n int, err error) {
	if len(buf) < HeaderLen {
		return Frame{}, 0, nil
	}
	length := binary.LittleEndian.Uint32(buf)
	if err := d.judge(length); err != nil {
		if d.cipher != nil {
			err = fmt.Errorf("%w: %w", ErrNotOpen, err) // lengths go unsealed
		}
		return Frame{}, 0, err
	}
	n = HeaderLen + int(length)
	if len(buf) < n {
		return Frame{}, 0, nil
	}
	body := buf[HeaderLen:n:n]
	if d.cipher != nil {
		if body, err = d.cipher.open(body); err != nil {
			return Frame{}, 0, err
		}
	}
	if f, err = d.body(body); err != nil {
		return Frame{}, 0, err
	}
	return f, n, nil
}

// judge says what is wrong with a length.
func (d *Decoder) judge(length uint32) error {
	extra := uint32(bodyLen)
	if d.cipher != nil {
		extra += tagLen
	}
	switch {
	case length < extra:
		return fmt.Errorf("frame of %d bytes: at least %d are needed", length, extra)
	case length > MaxFrame:
		return fmt.Errorf("frame of %d bytes: at most %d are allowed", length, MaxFrame)
	case length-extra > MaxPayload:
		return tooLarge(int(length - extra))
	}
	return nil
}

// body reads what the length counts, opened.
func (d *Decoder) body(body []byte) (Frame, error) {
	f := Frame{Type: Type(body[0]), Payload: body[bodyLen:]}
	flags := body[1]
	switch {
	case !f.Type.known():
		return Frame{}, fmt.Errorf("frame of type %d, which is unknown", body[0])
	case !Compression(flags).known():
		return Frame{}, fmt.Errorf("frame with flags %#x, which are unknown", flags)
	case flags != uint8(None) && !f.Type.compressible():
		return Frame{}, fmt.Errorf("compressed %v, which is never compressed", f.Type)
	case flags == uint8(Linked) && !d.links:
		return Frame{}, fmt.Errorf("%v whose payload is linked to others, which was not agreed on", f.Type)
	case f.Type == TypePing || f.Type == TypePong:
		return f, checkPing(f.Type, f.Payload)
	}
	if flags == uint8(None) {
		return f, nil
	}
	var err error
	if Compression(flags) != Linked {
		f.Payload, err = d.scratch.decompress(Compression(flags), f.Payload)
		return f, err
	}
	if d.linked == nil {
		d.linked = newLinkedReader()
	}
	f.Payload, err = d.linked.read(d.scratch.room(), f.Payload)
	return f, err
}
