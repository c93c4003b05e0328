package codec

import (
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/flynn/noise"
)

// vectors reads blocks of name=hex, and skips comments.
func vectors(t *testing.T, path string) []map[string][]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string][]byte
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		v := map[string][]byte{}
		for line := range strings.Lines(block) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if !ok || strings.HasPrefix(name, "#") || name == "handshake" {
				continue
			}
			if v[name], err = hex.DecodeString(value); err != nil {
				t.Fatal(err)
			}
		}
		if len(v) > 0 {
			list = append(list, v)
		}
	}
	return list
}

// The library, with our cipher in it, is the Noise that others speak.
func TestNoiseVectors(t *testing.T) {
	list := vectors(t, "testdata/noise-vectors.txt")
	if len(list) != 3 {
		t.Fatalf("there are %d vectors, want 3", len(list))
	}
	for _, v := range list {
		side := func(initiator bool, ephemeral string) *noise.HandshakeState {
			s, err := noise.NewHandshakeState(noise.Config{
				CipherSuite: suite, Random: bytes.NewReader(v[ephemeral]), Pattern: noise.HandshakeNN,
				Initiator: initiator, Prologue: v["prologue"], PresharedKey: v["preshared_key"],
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		worker, coordinator := side(true, "gen_init_ephemeral"), side(false, "gen_resp_ephemeral")
		check := func(n int, got []byte, err error) {
			t.Helper()
			if want := v[message(n, "ciphertext")]; err != nil || !bytes.Equal(got, want) {
				t.Fatalf("message %d is %x (%v), want %x", n, got, err, want)
			}
		}
		first, _, _, err := worker.WriteMessage(nil, v["msg_0_payload"])
		check(0, first, err)
		if _, _, _, err := coordinator.ReadMessage(nil, first); err != nil {
			t.Fatal(err)
		}
		second, fromWorker, fromCoordinator, err := coordinator.WriteMessage(nil, v["msg_1_payload"])
		check(1, second, err)
		_, send, recv, err := worker.ReadMessage(nil, second)
		if err != nil || send.UnsafeKey() != fromWorker.UnsafeKey() || recv.UnsafeKey() != fromCoordinator.UnsafeKey() {
			t.Fatalf("the two sides have different keys (%v)", err)
		}
		if want, ok := v["handshake_hash"]; ok && !bytes.Equal(worker.ChannelBinding(), want) {
			t.Errorf("the hash of the handshake is %x, want %x", worker.ChannelBinding(), want)
		}
		for n := 2; v[message(n, "ciphertext")] != nil; n++ { // they take turns
			from := send
			if n%2 == 1 {
				from = fromCoordinator
			}
			sealed, err := from.Encrypt(nil, nil, v[message(n, "payload")])
			check(n, sealed, err)
		}
	}
}

// message names a field of the nth message of a vector.
func message(n int, field string) string { return "msg_" + strconv.Itoa(n) + "_" + field }

func TestSuite(t *testing.T) {
	if got, want := string(suite.Name()), "25519_AESGCM_SHA256"; got != want {
		t.Errorf("the suite is %s, want %s", got, want)
	}
	if got := len(prologue); got != 28 {
		t.Errorf("the prologue has %d bytes, want 28", got)
	}
}
