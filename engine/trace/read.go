package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Read returns the events of a trace, and an error where it does not go on. A
// trace that ends early, because the run was killed, is no error.
func Read(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		d := json.NewDecoder(r)
		if t, err := d.Token(); err != nil || t != json.Delim('[') {
			yield(Event{}, errors.New("this is no trace: it does not begin with ["))
			return
		}
		for d.More() {
			var e Event
			err := d.Decode(&e)
			if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
				return
			}
			if err != nil {
				yield(e, fmt.Errorf("this is no trace: %w", err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
