package server

import (
	"bytes"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/render"
)

// TestBlockIsReused has the memory of a record used for others as soon as it has been
// sent.
func TestBlockIsReused(t *testing.T) {
	b := newTable(t, []byte("a\n"), render.Text)
	c := b.join(1)
	c.buf = nil
	pool := batch.NewPool(batch.BlockSize)
	block := pool.Get()
	record := append(bytes.Repeat([]byte{'r'}, 2*recordRoom-1), '\n') // which are not written before the end of it
	data := block.Buf[:copy(block.Buf, record)]
	c.p.waiting = []errand{{Range: batch.Range{Seq: 2, Count: 1, Data: data, Block: block}, attempt: 1}}

	b.pump(c.p)
	copy(pool.Get().Buf, bytes.Repeat([]byte{'x'}, len(record)))
	b.flush()

	var got []byte
	dec := codec.NewDecoder(codec.NewScratch())
	for len(c.buf) > 0 {
		f, n, err := dec.Next(c.buf)
		if err != nil || n == 0 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		c.buf = c.buf[n:]
		if f.Type != codec.TypeJobPart {
			continue
		}
		m, err := codec.ParseJobPart(f.Payload)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Data...)
	}
	if !bytes.Equal(got, record) {
		t.Errorf("what was sent is not the record: %d bytes, %d of them r", len(got), bytes.Count(got, []byte{'r'}))
	}
}
