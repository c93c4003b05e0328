package journal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
)

// A Point is a place in the input, at the end of a record: the bytes and the
// records before it, and the checksum of those bytes.
type Point struct {
	Offset  int64
	Records uint64
	Sum     uint32
}

// An Input looks at the input as it is read. It compares it with the Points of
// an earlier run, and makes those of this one. A last record without a delimiter
// counts as if it had one.
//
// There is a point behind each of the first thousands of bytes' records, and
// then ever fewer, so that they stay few and yet tell the place of a change to
// one part in some thousand.
type Input struct {
	delim  byte
	expect []Point // still to be found

	at     Point  // the end of the last whole record
	sum    uint32 // of all bytes so far
	rest   int64  // bytes behind at
	last   Point  // the last point made or found
	points []Point
}

// spacing is how many times the distance of two points goes into the place of
// the first.
const spacing = 4096

// NewInput expects the input to be what it was up to the last of these points.
func NewInput(delim byte, expect []Point) *Input {
	return &Input{delim: delim, expect: expect}
}

// ErrChanged is wrapped by the errors that say that the input is another.
var ErrChanged = errors.New("the input is not that of the journal")

// Same reports whether all that was expected has been found.
func (in *Input) Same() bool { return len(in.expect) == 0 }

// Tip is the end of the last whole record.
func (in *Input) Tip() Point { return in.at }

// Points takes out the points that were made since the last call.
func (in *Input) Points() []Point {
	p := in.points
	in.points = nil
	return p
}

// Feed looks at the next bytes of the input.
func (in *Input) Feed(data []byte) error {
	for len(data) > 0 {
		n := in.stretch(data)
		if n == 0 { // no record ends here
			in.sum = crc32.Update(in.sum, castagnoli, data)
			in.rest += int64(len(data))
			return nil
		}
		in.sum = crc32.Update(in.sum, castagnoli, data[:n])
		in.at.Records += uint64(bytes.Count(data[:n], []byte{in.delim}))
		in.at.Offset += in.rest + int64(n)
		in.at.Sum, in.rest = in.sum, 0
		data = data[n:]
		if err := in.mark(); err != nil {
			return err
		}
	}
	return nil
}

// stretch returns how many bytes there are to the next point in data: to an
// expected one, or to the first end of a record where one is due, or else to the
// last end of a record. It returns 0 where no record ends.
func (in *Input) stretch(data []byte) int {
	lastEnd := func() int {
		if bytes.IndexByte(data, in.delim) < 0 {
			return 0 // to look from the end is slow
		}
		return bytes.LastIndexByte(data, in.delim) + 1
	}
	read := in.at.Offset + in.rest
	if len(in.expect) > 0 {
		// A record that ends elsewhere than it did is found out by the checksum, at
		// the place where it should have ended.
		if n := in.expect[0].Offset - read; n <= int64(len(data)) {
			return int(n)
		}
		return lastEnd()
	}
	due := in.last.Offset + max(1, in.last.Offset/spacing)
	if skip := max(0, due-read-1); skip < int64(len(data)) {
		if n := bytes.IndexByte(data[skip:], in.delim); n >= 0 {
			return int(skip) + n + 1
		}
	}
	return lastEnd()
}

// mark makes a point where one is due, or compares the expected one.
func (in *Input) mark() error {
	if len(in.expect) == 0 {
		if in.at.Offset >= in.last.Offset+max(1, in.last.Offset/spacing) {
			in.last = in.at
			in.points = append(in.points, in.at)
		}
		return nil
	}
	want := in.expect[0]
	switch {
	case in.at.Offset < want.Offset:
		return nil
	case in.at != want:
		return in.changed()
	}
	in.last = want
	in.expect = in.expect[1:]
	return nil
}

// End says that there is no more input.
func (in *Input) End() error {
	if in.rest > 0 {
		if err := in.Feed([]byte{in.delim}); err != nil {
			return err
		}
	}
	if len(in.expect) == 0 {
		return nil
	}
	if n := in.expect[len(in.expect)-1].Records; in.at.Records < in.expect[0].Records {
		return fmt.Errorf("%w: it ends after %s %d, and had at least %d", ErrChanged, in.noun(), in.at.Records, n)
	}
	return in.changed()
}

func (in *Input) changed() error {
	from, to := in.last.Records+1, in.expect[0].Records
	what := in.noun()
	if from >= to {
		return fmt.Errorf("%w: %s %d has changed", ErrChanged, what, from)
	}
	return fmt.Errorf("%w: something between %ss %d and %d has changed", ErrChanged, what, from, to)
}

func (in *Input) noun() string {
	if in.delim == '\n' {
		return "line"
	}
	return "record"
}
