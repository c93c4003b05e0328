// Package numbers makes inputs whose results are easily told apart: the numbers
// from 1 on, a line each, and ticks them off where they come out.
package numbers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// Write writes the numbers from 1 to n, a line each.
func Write(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 256<<10)
	var line []byte
	for i := 1; i <= n; i++ {
		line = append(strconv.AppendInt(line[:0], int64(i), 10), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// A Tally ticks off numbers. One goroutine owns it.
type Tally struct {
	most int
	seen []uint64
}

// NewTally returns a tally of the numbers from 1 to most.
func NewTally(most int) *Tally { return &Tally{most, make([]uint64, most/64+1)} }

// Read reads n lines, each a number that has not been there before.
func (t *Tally) Read(r io.Reader, n int) error {
	buf := make([]byte, 0, 1<<20)
	for n > 0 {
		got, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		rest := buf
		for {
			line, after, found := bytes.Cut(rest, []byte{'\n'})
			if !found {
				break
			}
			if err := t.Tick(line); err != nil {
				return err
			}
			rest, n = after, n-1
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err != nil && n > 0 {
			return fmt.Errorf("%d results are missing: %w", n, err)
		}
	}
	if len(buf) > 0 {
		return fmt.Errorf("after the last result comes %q", buf)
	}
	return nil
}

// Tick ticks off one number, which has not been there before.
func (t *Tally) Tick(line []byte) error {
	n := 0
	for _, c := range line {
		if c < '0' || c > '9' || n > t.most {
			return fmt.Errorf("%q is no result", line)
		}
		n = 10*n + int(c-'0')
	}
	if n < 1 || n > t.most {
		return fmt.Errorf("%q is a result of no job", line)
	}
	word, bit := n/64, uint64(1)<<(n%64)
	if t.seen[word]&bit != 0 {
		return fmt.Errorf("job %d is there twice", n)
	}
	t.seen[word] |= bit
	return nil
}
