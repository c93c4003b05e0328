package render

import "bytes"

// AppendTagged appends what a job printed with its record and a TAB before each
// line. Lines end with delim; the last one may lack it.
func AppendTagged(dst, record, text []byte, delim byte) []byte {
	for len(text) > 0 {
		n := lineEnd(text, delim)
		dst = append(dst, record...)
		dst = append(dst, '\t')
		dst = append(dst, text[:n]...)
		text = text[n:]
	}
	return dst
}

// lineEnd is where the first line of text ends.
func lineEnd(text []byte, delim byte) int {
	if i := bytes.IndexByte(text, delim); i >= 0 {
		return i + 1
	}
	return len(text)
}
