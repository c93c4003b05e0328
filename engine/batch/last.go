package batch

import "bytes"

// LastIndex is bytes.LastIndexByte, which goes byte by byte, for records that may
// be long.
func LastIndex(b []byte, delim byte) int {
	const stride = 1 << 10
	for len(b) > 0 {
		at := max(0, len(b)-stride)
		if bytes.IndexByte(b[at:], delim) >= 0 {
			return at + bytes.LastIndexByte(b[at:], delim)
		}
		b = b[:at]
	}
	return -1
}
