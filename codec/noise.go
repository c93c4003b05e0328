package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"

	"github.com/flynn/noise"
)

// The handshake is Noise_NNpsk0_25519_AESGCM_SHA256:
//
//	worker to coordinator:  psk, e       ephemeral public key [32] | tag [16]
//	coordinator to worker:  e, ee        ephemeral public key [32] | tag [16]
//
// A wrong key shows in the first tag, before the coordinator has computed
// anything on a curve.
const (
	noiseLen = 32 + tagLen // of either message
	prologue = "jobpipe 1 worker coordinator"
)

var suite = noise.NewCipherSuite(noise.DH25519, aesGCM{}, noise.HashSHA256)

// newHandshake begins a handshake. random is nil outside of tests.
func newHandshake(initiator bool, key *Key, random io.Reader) (*noise.HandshakeState, error) {
	return noise.NewHandshakeState(noise.Config{
		CipherSuite:           suite,
		Random:                random,
		Pattern:               noise.HandshakeNN,
		Initiator:             initiator,
		Prologue:              []byte(prologue),
		PresharedKey:          key[:],
		PresharedKeyPlacement: 0,
	})
}

// aesGCM is noise.CipherAESGCM, but for an allocation a frame.
type aesGCM struct{}

func (aesGCM) CipherName() string { return "AESGCM" }

func (aesGCM) Cipher(key [32]byte) noise.Cipher {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the block size is right
	}
	return &gcmState{aead: aead}
}

type gcmState struct {
	aead cipher.AEAD
	// What is passed to an interface is put on the heap: this once, not each time.
	nonce [12]byte // u32 0 | u64 number of the frame, both big-endian
}

func (s *gcmState) Encrypt(out []byte, n uint64, ad, plain []byte) []byte {
	binary.BigEndian.PutUint64(s.nonce[4:], n)
	return s.aead.Seal(out, s.nonce[:], plain, ad)
}

func (s *gcmState) Decrypt(out []byte, n uint64, ad, sealed []byte) ([]byte, error) {
	binary.BigEndian.PutUint64(s.nonce[4:], n)
	return s.aead.Open(out, s.nonce[:], sealed, ad)
}
