// Package split cuts stdin into ranges of jobs. One goroutine reads blocks,
// cuts them at the last delimiter, counts the records with one vector pass and
// passes the bytes on as they are: a record is data, whatever is in it.
//
// It waits when its pool's budget is lent out or nobody takes the ranges, so
// a full stdout stops the reading of stdin. What is complete is passed on
// after every read: a slow input is not held back for a block to fill.
package split

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/journal"
)

// An Item is what the splitter passes on: a range of jobs that have the same
// past, or one job whose record was longer than allowed and is not kept.
type Item struct {
	Range   batch.Range
	TooLong int64 // bytes of the one record that was too long, else 0
	Past    Past
}

// A Splitter reads one input.
type Splitter struct {
	Delim  byte
	MaxJob int64 // bytes of a record without its delimiter
	Pool   *batch.Pool
	Items  chan<- Item // closed at the end of the input
	Wake   func()      // called after each item is in Items
	// Journal knows what earlier runs have done; nil: nothing.
	Journal *commit.Log
}

// minRead is the least room worth a read; a block with less is closed.
const minRead = 32 << 10

// Run reads in to its end and returns the error that ended it, nil at EOF. It
// gives up quietly when ctx is done. A record that an error breaks off is not
// passed on: half a job is not what was meant.
func (s *Splitter) Run(ctx context.Context, in io.Reader) error {
	defer s.Wake()
	defer close(s.Items)
	f := filler{Splitter: s, ctx: ctx, next: 1}
	defer f.close()
	if s.Journal != nil {
		in = s.Journal.Reader(in)
	}
	for {
		room, ok := f.room()
		if !ok {
			return nil
		}
		n, err := in.Read(room)
		if !f.fill(n) {
			return nil
		}
		if errors.Is(err, io.EOF) {
			f.last()
			f.letGo()
			return nil
		}
		if errors.Is(err, journal.ErrChanged) {
			return err
		}
		if err != nil {
			return fmt.Errorf("reading the jobs after line %d: %w", f.next-1, err)
		}
	}
}

// filler is the state of one Run: a block that fills up, of which [start,end)
// is the beginning of a record not yet passed on.
type filler struct {
	*Splitter
	ctx        context.Context
	block      *batch.Block
	start, end int
	carried    []byte // the beginning of a record, between two blocks
	next       uint64 // sequence number of the next job
	skipped    int64  // bytes dropped of a record that is too long, 0 outside one
	kept       keeping
}

// room returns memory for the next read. When the block is full, the begun
// record moves to a fresh one, or grows the block it alone fills. A grown block
// is done with when its record is: it has little of the next, as no read is
// larger than a plain block.
func (f *filler) room() ([]byte, bool) {
	if f.block == nil {
		return f.fresh()
	}
	full := len(f.block.Buf)-f.end < minRead
	grown := len(f.block.Buf) > batch.BlockSize
	switch {
	case full && f.start == 0:
		f.block.Grow(2*len(f.block.Buf), f.end)
	case full || grown && f.start > 0:
		return f.fresh()
	}
	return f.space(), true
}

// space is where to read in the block.
func (f *filler) space() []byte {
	return f.block.Buf[f.end:min(f.end+batch.BlockSize, len(f.block.Buf))]
}

// fresh returns memory for the next read in another block.
func (f *filler) fresh() ([]byte, bool) {
	// The full block is let go before the wait for another: the budget may be
	// spent by nothing else.
	f.carried = f.carried[:0]
	if f.block != nil {
		f.carried = append(f.carried, f.block.Buf[f.start:f.end]...)
		f.block.Release(1)
	}
	if f.block = f.Pool.Get(); f.block == nil {
		return nil, false
	}
	size := batch.BlockSize
	if f.start > size { // a record like the last one fits in, and the read that ends it
		size *= f.start/size + 2
	} else if len(f.carried) > size/2 {
		size *= 2
	}
	if size > batch.BlockSize {
		f.block.Grow(size, 0)
	}
	f.start, f.end = 0, copy(f.block.Buf, f.carried)
	return f.space(), true
}

// fill takes n bytes just read, and passes on the records they complete.
func (f *filler) fill(n int) bool {
	fresh := f.block.Buf[f.end : f.end+n]
	f.end += n
	cut := batch.LastIndex(fresh, f.Delim)
	if cut < 0 {
		f.dropOversize()
		return true
	}
	complete := f.end - n + cut + 1
	ok := f.pass(complete)
	f.start = complete
	f.dropOversize()
	return ok
}

// dropOversize forgets the beginning of a record that is already too long;
// only its length is kept.
func (f *filler) dropOversize() {
	if begun := int64(f.end - f.start); f.skipped+begun > f.MaxJob {
		f.skipped += begun
		f.end = f.start
	}
}

// pass sends the records in [start,to) on. Only a limit smaller than a block
// can be exceeded inside one, or at the head by a record begun long ago.
func (f *filler) pass(to int) bool {
	data := f.block.Buf[f.start:to]
	if f.skipped > 0 {
		i := bytes.IndexByte(data, f.Delim)
		n := f.skipped + int64(i)
		f.skipped = 0
		if !f.send(Item{TooLong: n, Range: batch.Range{Seq: f.next, Count: 1}}) {
			return false
		}
		data = data[i+1:]
	}
	for len(data) > 0 {
		good, bad := f.withinLimit(data)
		if good > 0 && !f.sendRange(data[:good:good]) {
			return false
		}
		data = data[good:]
		if bad > 0 {
			if !f.send(Item{TooLong: int64(bad - 1), Range: batch.Range{Seq: f.next, Count: 1}}) {
				return false
			}
			data = data[bad:]
		}
	}
	return true
}

// withinLimit returns how many leading bytes hold records within the limit,
// and the length with delimiter of the record after them that is not, or 0.
func (f *filler) withinLimit(data []byte) (good, bad int) {
	if int64(len(data)) <= f.MaxJob+1 {
		return len(data), 0
	}
	for good < len(data) {
		n := bytes.IndexByte(data[good:], f.Delim) + 1
		if int64(n-1) > f.MaxJob {
			return good, n
		}
		good += n
	}
	return good, 0
}

// sendRange sends whole records, which data holds.
func (f *filler) sendRange(data []byte) bool {
	n := bytes.Count(data, []byte{f.Delim})
	if data[len(data)-1] != f.Delim {
		n++ // the very last record
	}
	f.block.Add(n)
	return f.send(Item{Range: batch.Range{Seq: f.next, Count: n, Data: data, Block: f.block}})
}

// send passes on the next jobs.
func (f *filler) send(it Item) bool {
	f.next += uint64(it.Range.Count)
	if f.Journal != nil && f.Journal.Resumed() {
		return f.sort(it)
	}
	return f.deliver(it)
}

func (f *filler) deliver(it Item) bool {
	select {
	case f.Items <- it:
		f.Wake()
		return true
	case <-f.ctx.Done():
		return false
	}
}

// last passes on a final record that has no delimiter.
func (f *filler) last() {
	switch {
	case f.skipped > 0:
		f.send(Item{TooLong: f.skipped + int64(f.end-f.start), Range: batch.Range{Seq: f.next, Count: 1}})
	case f.end > f.start:
		f.sendRange(f.block.Buf[f.start:f.end:f.end])
	}
	f.start = f.end
}

func (f *filler) close() {
	if f.block != nil {
		f.block.Release(1)
	}
}
