package main

import (
	"bufio"
	"bytes"
	"hash/maphash"
	"io"
	"os"
	"strconv"
)

// input is a file of jobs, and what it holds.
type input struct {
	path string
	is   digest
}

// A digest tells outputs apart: whole by their bytes in order, sum by their
// lines in any order.
type digest struct {
	lines int
	sum   uint64
	whole uint64
}

var seed = maphash.MakeSeed()

// numbers writes a file of the numbers from 1 to n, one a line.
func numbers(path string, n int) (*input, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i := range n {
		line = append(strconv.AppendInt(line[:0], int64(i+1), 10), '\n')
		if _, err := w.Write(line); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	is, err := digestOf(f)
	return &input{path, is}, err
}

// digestOf reads r to its end. No line is longer than its buffer.
func digestOf(r io.Reader) (digest, error) {
	var d digest
	var whole maphash.Hash
	whole.SetSeed(seed)
	in := bufio.NewReaderSize(r, 1<<20)
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
