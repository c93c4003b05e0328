package journal

import (
	"encoding/binary"
	"slices"
)

// A Writer makes the bytes of a journal. It keeps the State that they add up to.
type Writer struct {
	State
	sum  uint32 // of the last frame
	body []byte
}

// Begin returns a writer and the bytes of a new file that begins with s, all of
// whose results are on disk.
func Begin(s State) (*Writer, []byte) {
	w := &Writer{State: s}
	w.Done, w.Failed = s.Done.clone(), s.Failed.clone()
	w.Points = slices.Clone(s.Points)
	return w, w.Header()
}

// Header returns the bytes of a new file that holds the State. All results up to
// End have to be on disk.
func (w *Writer) Header() []byte {
	w.Synced, w.Closed = w.End, false
	var file []byte
	file, w.sum = appendFrame([]byte(magic), first, w.State.body())
	return file
}

// Results appends the record that says what r does; Total is set.
func (w *Writer) Results(dst []byte, r *Results) []byte {
	w.results(r)
	r.Total = w.Done.Count()
	return w.frame(dst, appendResults(w.body[:0], r))
}

// Sync appends the record that says that what the results hold up to end is on
// disk, and so many bytes of the journal itself.
func (w *Writer) Sync(dst []byte, end, file int64) []byte {
	w.Synced = end
	return w.frame(dst, w.end(kindSynced, file))
}

// Close appends the record that says that all results, and so many bytes of the
// journal, are on disk, and that nothing else is behind the results.
func (w *Writer) Close(dst []byte, file int64) []byte {
	w.Synced, w.Closed = w.End, true
	return w.frame(dst, w.end(kindClosed, file))
}

func (w *Writer) end(kind byte, file int64) []byte {
	body := append(w.body[:0], kind)
	body = binary.AppendUvarint(body, w.Done.Count())
	body = binary.AppendUvarint(body, uint64(w.Synced))
	return binary.AppendUvarint(body, uint64(file))
}

func (w *Writer) frame(dst, body []byte) []byte {
	w.body = body[:0]
	dst, w.sum = appendFrame(dst, w.sum, body)
	return dst
}
