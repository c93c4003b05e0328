package journal

import (
	"errors"
	"fmt"
)

// ErrForeign is what Replay returns for a file that does not begin as a journal
// does. Since that is never torn, it is none, or it is damaged.
var ErrForeign = errors.New("it does not begin as a journal does: it is none, or its beginning is damaged")

// Damaged is the error for a journal with something wrong in its middle. What
// is wrong at its end is no error: that is how a crash leaves it.
type Damaged struct {
	Offset int    // where the damage begins
	Done   uint64 // jobs that are done by what is before it
	Lost   uint64 // and by what is behind it
	// Synced is whether what is behind it says that what is damaged was on disk.
	// If not, a power cut may have left it so: it may bring what was written last
	// to disk and not what was written before.
	Synced bool
}

func (d *Damaged) Error() string {
	return fmt.Sprintf("it is damaged at byte %d; with what is behind that, %d of %d jobs that were done would be run again",
		d.Offset, d.Lost, d.Done+d.Lost)
}

// A Mark is a state that a journal went through: where the results ended, and
// their checksum.
type Mark struct {
	End     int64
	Sum     uint32
	covered int
}

// A History is what a journal tells: its last state, and those before it that
// may have to be gone back to.
type History struct {
	State
	Marks []Mark // the header's first
	Torn  int    // bytes at the end that are no record
}

// Replay reads a journal. With a Damaged, the history is that before the damage.
func Replay(data []byte) (h History, err error) {
	f, ok := frameAt(data, len(magic))
	if !ok || string(data[:len(magic)]) != magic || !f.follows(first) {
		return h, ErrForeign
	}
	if h.State, err = parseHeader(f.body); err != nil {
		return h, ErrForeign
	}
	h.covered = f.next
	h.mark()
	for h.covered < len(data) {
		next, ok := frameAt(data, h.covered)
		if !ok || !next.follows(f.sum) || h.apply(next.body) != nil {
			return h, h.broken(data, f.sum)
		}
		f = next
		h.covered = f.next
		h.mark()
	}
	return h, nil
}

// mark notes the state that has been reached.
func (h *History) mark() {
	h.Marks = append(h.Marks, Mark{h.End, h.Sum, h.covered})
}

// Back returns the history up to a mark.
func (h *History) Back(data []byte, m Mark) (History, error) { return Replay(data[:m.covered]) }

// apply does what a record says, or nothing where it makes no sense.
func (h *History) apply(body []byte) error {
	if body[0] == kindResults {
		r, err := parseResults(body)
		if err != nil || r.End < h.End || r.Tip.Offset < h.Tip.Offset {
			return errBody
		}
		h.results(&r)
		return nil
	}
	_, end, _, err := parseEnd(body)
	switch {
	case err != nil || end < h.Synced || end > h.End:
		return errBody
	case body[0] == kindClosed && end == h.End:
		h.Closed = true
	case body[0] != kindSynced:
		return errBody
	}
	h.Synced = end
	return nil
}

// parseEnd reads the body of an S or an X.
func parseEnd(body []byte) (total uint64, end, file int64, err error) {
	c := cursor{rest: body}
	c.byte()
	total, end, file = c.uint(), c.int(), c.int()
	return total, end, file, c.end()
}

// broken says whether a bad frame is damage, or the torn end of the journal.
// before is the checksum of the last good one.
func (h *History) broken(data []byte, before uint32) error {
	found := goodBehind(data, h.covered, before)
	if len(found) == 0 {
		h.Torn = len(data) - h.covered
		return nil
	}
	d := &Damaged{Offset: h.covered, Done: h.Done.Count()}
	for _, f := range found {
		total, synced := claims(f.body)
		if total > d.Done+d.Lost {
			d.Lost = total - d.Done
		}
		d.Synced = d.Synced || synced > int64(d.Offset)
	}
	h.Torn = len(data) - h.covered
	return d
}

// claims is what a record behind the damage says: how many jobs were done by
// then, and how much of the journal was on disk.
func claims(body []byte) (total uint64, synced int64) {
	if body[0] == kindResults {
		if r, err := parseResults(body); err == nil {
			total = r.Total
		}
		return total, 0
	}
	total, _, synced, err := parseEnd(body)
	if err != nil {
		return 0, 0
	}
	return total, synced
}
