package codec

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The Linked payloads of one direction are together a zstd frame that does not end:
// each is some blocks of it. One that begins with zstd's magic number begins another
// such frame, and nothing refers to what was before.

// linkedWindow is how far back a Linked payload may refer, in bytes. Both ends keep
// as much for each direction of a connection.
const linkedWindow = 1 << 20

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd} // no block begins like that

// A linkedWriter makes Linked payloads. It takes about 4 MiB, and no goroutine.
type linkedWriter struct {
	zstd *zstd.Encoder
	dst  []byte
}

func newLinkedWriter() *linkedWriter {
	w := &linkedWriter{}
	e, err := zstd.NewWriter(w,
		zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), // TCP and the seal have better ones
		zstd.WithWindowSize(linkedWindow))
	if err != nil {
		panic(err) // the options are constants
	}
	w.zstd = e
	return w
}

// Write takes what the zstd.Encoder makes.
func (w *linkedWriter) Write(p []byte) (int, error) {
	w.dst = append(w.dst, p...)
	return len(p), nil
}

// append appends the compressed pieces to dst. If they are too large for a payload
// then, it returns false, and dst as it was.
func (w *linkedWriter) append(dst []byte, pieces [][]byte) ([]byte, bool) {
	from := len(dst)
	w.dst = dst
	for _, p := range pieces {
		_, _ = w.zstd.Write(p) // errors are those of our Write, which has none
	}
	_ = w.zstd.Flush()
	dst, w.dst = w.dst, nil
	if len(dst)-from > MaxPayload {
		w.zstd.Reset(w) // the other side will not have got this
		return dst[:from], false
	}
	return dst, true
}

// A linkedReader reads Linked payloads. It takes somewhat more than the window, and
// no goroutine.
type linkedReader struct {
	zstd *zstd.Decoder
	src  []byte // not read yet
}

func newLinkedReader() *linkedReader {
	d, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(linkedWindow), // limits windows, too
		zstd.WithDecoderMaxWindow(linkedWindow),
		zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return &linkedReader{zstd: d}
}

// Read gives the zstd.Decoder what it asks for.
func (r *linkedReader) Read(p []byte) (int, error) {
	if len(r.src) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.src)
	r.src = r.src[n:]
	return n, nil
}

// read returns what src holds, in dst, which has more room than a payload takes.
func (r *linkedReader) read(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return nil, errNothing
	}
	r.src = src
	if bytes.HasPrefix(src, zstdMagic) {
		if err := r.zstd.Reset(r); err != nil {
			return nil, err
		}
	}
	for len(r.src) > 0 {
		// There is room for more, so this is the whole of one block.
		n, err := r.zstd.Read(dst[len(dst) : MaxPayload+1])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > MaxPayload:
			return nil, fmt.Errorf("a payload of more than %d bytes, decompressed", MaxPayload)
		case err == io.EOF && len(r.src) == 0: // the frame has ended after all
		case err != nil:
			return nil, fmt.Errorf("a payload that does not go on the zstd frame of those before: %w", err)
		}
	}
	return dst, nil
}
