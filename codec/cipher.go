package codec

import (
	"errors"

	"github.com/flynn/noise"
)

// Secrets is what a handshake ends in. Both are nil when there is no security.
type Secrets struct{ Send, Recv *Cipher }

// A Cipher seals or opens the frames of one direction of a connection, in order.
// The nonce is the number of the frame from 0; after each rekeyEvery frames the
// key is replaced by one that does not tell the old, and the nonce goes on.
type Cipher struct{ state *noise.CipherState }

// ErrNotOpen is behind an error about a sealed frame that is not what a peer with
// the key sent: the network, or somebody in it, may have changed it on the way. Who
// gets it has to end the connection, and may not blame the peer.
var ErrNotOpen = errors.New("a frame that does not open: it was not sealed with our key, or altered, or is not the next one")

var errExhausted = errors.New("the cipher has done all the frames it can")

// seal seals buf[from:] in place and appends the tag. There must be room for it
// in buf.
func (c *Cipher) seal(buf []byte, from int) []byte {
	sealed, err := c.state.Encrypt(buf[:from], nil, buf[from:])
	if err != nil {
		panic(errExhausted) // 2^64 frames ago
	}
	c.count()
	return sealed
}

// open opens sealed in place, and is done for once that fails.
func (c *Cipher) open(sealed []byte) ([]byte, error) {
	plain, err := c.state.Decrypt(sealed[:0], nil, sealed)
	switch {
	case errors.Is(err, noise.ErrMaxNonce):
		return nil, errExhausted
	case err != nil:
		return nil, ErrNotOpen
	}
	c.count()
	return plain, nil
}

// count is called after each frame.
func (c *Cipher) count() {
	if c.state.Nonce()%rekeyEvery == 0 {
		c.state.Rekey() // leaves the nonce alone
	}
}
