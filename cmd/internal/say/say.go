// Package say writes messages to a stderr that perhaps nobody reads. Who has
// something to say waits for that, as everywhere; but a program that was told to end
// ends all the same.
package say

import (
	"bytes"
	"os"
	"time"
)

// patience is how long a line waits to be taken when there is a hurry.
const patience = 200 * time.Millisecond

// Lines returns what writes a line to f and waits until it is taken, but once hurry
// is closed no longer than a moment.
func Lines(f *os.File, hurry <-chan struct{}) func(line []byte) {
	return func(line []byte) {
		line = bytes.Clone(line)
		taken := make(chan struct{})
		go func() {
			_, _ = f.Write(line)
			close(taken)
		}()
		select {
		case <-taken:
			return
		case <-hurry:
		}
		select {
		case <-taken:
		case <-time.After(patience):
		}
	}
}
