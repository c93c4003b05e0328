package main

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strconv"
)

// sized reads data of as many bytes as size says in decimal, and the end of line
// behind it, into buf. Its head is the line that the size is from. All the
// brokers' protocols have this in common.
func sized(r *bufio.Reader, head, size, buf []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(bytes.TrimRight(size, "\r\n")))
	if err != nil || n < 0 {
		return nil, unexpected(head)
	}
	buf = slices.Grow(buf[:0], n)[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, err
	}
	_, err = r.Discard(len("\r\n"))
	return buf, err
}

// last is the last word of a line.
func last(line []byte) []byte {
	line = bytes.TrimRight(line, "\r\n")
	return line[bytes.LastIndexByte(line, ' ')+1:]
}
