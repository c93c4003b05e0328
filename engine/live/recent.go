package live

import (
	"bytes"
	"slices"
)

// Recent keeps the last failures. One goroutine owns it.
type Recent struct{ ring []Failure }

// Add keeps f, and forgets the oldest.
func (r *Recent) Add(f Failure) {
	if len(r.ring) == MostFailures {
		r.ring = append(r.ring[:0], r.ring[1:]...)
	}
	r.ring = append(r.ring, f)
}

// All returns a copy, the newest first.
func (r *Recent) All() []Failure {
	all := slices.Clone(r.ring)
	slices.Reverse(all)
	return all
}

// Beginning is a copy of the beginning of a record, without its delimiter.
func Beginning(record []byte, delim byte) string {
	record = bytes.TrimSuffix(record, []byte{delim})
	if len(record) > MostText {
		return string(record[:MostText]) + "…"
	}
	return string(record)
}

// Tail is a copy of the end of what a job wrote to stderr.
func Tail(stderr []byte) string {
	return string(stderr[max(0, len(stderr)-MostStderr):])
}
