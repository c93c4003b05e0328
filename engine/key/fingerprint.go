package key

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/jobpipe/jobpipe/codec"
)

// Fingerprint tells one key from another without giving any of it away: 16
// hexadecimal digits.
func Fingerprint(k codec.Key) string {
	sum := sha256.Sum256(append([]byte("the fingerprint of a key of jobpipe: "), k[:]...))
	return hex.EncodeToString(sum[:8])
}
