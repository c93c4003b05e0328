package worker

import (
	"sync"

	"github.com/jobpipe/jobpipe/codec"
)

// A chunk is memory for about a frame: of records as they came, or of answers
// as they are read. Chunks are used again and again, so that a flood of lines
// allocates nothing.
type chunk struct {
	buf  [codec.MaxPayload]byte
	refs int // what lies in it, and the slot that fills it; the link's mutex guards it
}

// stretchSize is how much of a chunk answers fill: what a frame of any kind has
// room for besides its integers, and a delimiter to be added.
const stretchSize = codec.MaxPayload - 128

// spare is memory that nobody uses, the latest used last. A sync.Pool would give
// it to the garbage collector just when there is most to do.
var spare struct {
	sync.Mutex
	chunks  []*chunk
	records [][]byte // each was a record that came in parts
}

func newChunk() *chunk {
	spare.Lock()
	defer spare.Unlock()
	n := len(spare.chunks)
	if n == 0 {
		return new(chunk)
	}
	c := spare.chunks[n-1]
	spare.chunks = spare.chunks[:n-1]
	return c
}

func (c *chunk) free() {
	spare.Lock()
	defer spare.Unlock()
	if len(spare.chunks) < mostChunks {
		spare.chunks = append(spare.chunks, c)
	}
}

// newRecord is memory for a record that comes in parts; it may be nil.
func newRecord() []byte {
	spare.Lock()
	defer spare.Unlock()
	n := len(spare.records)
	if n == 0 {
		return nil
	}
	b := spare.records[n-1]
	spare.records = spare.records[:n-1]
	return b
}

func freeRecord(b []byte) {
	spare.Lock()
	defer spare.Unlock()
	if len(spare.records) < mostRecords && cap(b) <= mostRecord {
		spare.records = append(spare.records, b[:0])
	}
}

// own copies the data of a frame, which is only lent.
func (r *leased) own() {
	r.mem = newChunk()
	r.mem.refs = 1
	r.Data = r.mem.buf[:copy(r.mem.buf[:], r.Data)]
}

// free gives the memory of a range back, once its bytes are needed no more. A
// range that goes back to the coordinator leaves it to the garbage collector. The
// link's mutex is held.
func (r *leased) free() {
	if r.mem == nil {
		if r.Count == 1 && cap(r.Data) > len(chunk{}.buf) {
			freeRecord(r.Data) // it came in parts, and is alone there
		}
		r.Data = nil
		return
	}
	if r.mem.refs--; r.mem.refs == 0 {
		r.mem.free()
	}
	r.mem = nil
}

// abandon is drop for the slot that filled the chunk. The link's mutex is held.
func (o *outbox) abandon(c *chunk) {
	if c == nil {
		return
	}
	o.held += int64(len(c.buf))
	o.drop(c)
}

// drop takes away one reference to a chunk. The link's mutex is held.
func (o *outbox) drop(c *chunk) {
	if c == nil {
		return
	}
	if c.refs--; c.refs == 0 {
		o.held -= int64(len(c.buf))
		c.free()
	}
}
