package main

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"strconv"
)

// input is a file of jobs, and what it holds once it is written.
type input struct {
	path  string
	lines int
	line  func(buf []byte, i int) []byte // appends the ith, from 1
	is    digest

	absent error // why it cannot be written
}

// numbers is a file of the numbers from 1 to n, one a line.
func numbers(path string, n int) *input {
	return &input{path: path, lines: n, line: func(buf []byte, i int) []byte {
		return strconv.AppendInt(buf, int64(i), 10)
	}}
}

// mebibytes is a file of n different lines of 1 MiB.
func mebibytes(path string, n int) *input {
	fill := bytes.Repeat([]byte("jobpipe "), 1<<20/8)
	return &input{path: path, lines: n, line: func(buf []byte, i int) []byte {
		return append(fmt.Appendf(buf, "%08d", i), fill[9:]...)
	}}
}

// dictionary is a file of n lines: those of Debian's word list, over and over.
func dictionary(path string, n int) *input {
	text, err := os.ReadFile("/usr/share/dict/words")
	if err != nil {
		return &input{path: path, absent: fmt.Errorf("%w: %w", errNotHere, err)}
	}
	words := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	return &input{path: path, lines: n, line: func(buf []byte, i int) []byte {
		return append(buf, words[i%len(words)]...)
	}}
}

// write writes the file, the first time.
func (in *input) write() error {
	if in.is.lines > 0 || in.absent != nil {
		return in.absent
	}
	f, err := os.Create(in.path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i := range in.lines {
		line = append(in.line(line[:0], i+1), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in.is, err = digestOf(f)
	return err
}

// A digest tells outputs apart: whole by their bytes in order, sum by their
// lines in any order.
type digest struct {
	lines int
	sum   uint64
	whole uint64
}

var seed = maphash.MakeSeed()

// digestOf reads r to its end. No line is longer than its buffer.
func digestOf(r io.Reader) (digest, error) {
	var d digest
	var whole maphash.Hash
	whole.SetSeed(seed)
	in := bufio.NewReaderSize(r, 4<<20)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			d.lines++
			d.sum += maphash.Bytes(seed, bytes.TrimSuffix(line, []byte("\n")))
			whole.Write(line)
		}
		if err == io.EOF {
			if d.lines > 0 {
				d.whole = whole.Sum64()
			}
			return d, nil
		}
		if err != nil {
			return d, err
		}
	}
}
