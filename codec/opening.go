package codec

import (
	"errors"
	"fmt"
	"io"

	"github.com/flynn/noise"
)

// Key is what a coordinator and its workers share: 32 random bytes.
type Key [32]byte

// The opening of either side. The messages are there only when a key is used
// and, in the answer, accepted.
//
//	worker:       "JOBP" [4] | u8 wire version | u8 security | noise message 1 [48]
//	coordinator:  "JOBP" [4] | u8 wire version | u8 verdict  | noise message 2 [48]
const (
	magic       = "JOBP"
	wireVersion = 1

	// PrefixLen is how much of either opening says how long all of it is.
	PrefixLen = len(magic) + 2
)

// Securities.
const (
	plain = 0
	keyed = 1
)

// Verdicts.
const (
	accepted    = 0
	keyNeeded   = 1
	keyless     = 2 // there is no key here
	keysDiffer  = 3
	otherFormat = 4
	busy        = 5
)

func prefix(last byte) []byte {
	return append(make([]byte, 0, PrefixLen+noiseLen), magic[0], magic[1], magic[2], magic[3], wireVersion, last)
}

// OpeningLen is the size of a worker's opening, which its security tells: the
// sixth byte. An unknown one is as long as no message.
func OpeningLen(security byte) int {
	if security == keyed {
		return PrefixLen + noiseLen
	}
	return PrefixLen
}

// Opening is a worker's handshake under way.
type Opening struct {
	state *noise.HandshakeState // nil: no security
}

// Start begins a handshake as a worker, and returns what to send. Without a key
// there is no security. How long the answer is says ReplyLen.
func Start(key *Key) (*Opening, []byte) { return start(key, nil) }

func start(key *Key, random io.Reader) (*Opening, []byte) {
	if key == nil {
		return &Opening{}, prefix(plain)
	}
	state, err := newHandshake(true, key, random)
	if err != nil {
		panic(err) // there is nothing in it that could be wrong
	}
	opening, _, _, err := state.WriteMessage(prefix(keyed), nil)
	if err != nil {
		panic(err) // nor here
	}
	return &Opening{state}, opening
}

// ReplyLen is the size of the coordinator's answer, of which the first PrefixLen
// bytes are given.
func (o *Opening) ReplyLen(prefix []byte) int {
	if o.state != nil && prefix[PrefixLen-1] == accepted {
		return PrefixLen + noiseLen
	}
	return PrefixLen
}

// ErrBusy says that the coordinator may let the worker in later.
var ErrBusy = errors.New("the coordinator is busy: too many try to connect at once; try again")

// Finish takes the coordinator's answer. It is called once. The error says what
// is wrong and what to do about it. The coordinator has shown that it has the
// key if there is one. ErrBusy is the one error that may pass by itself.
func (o *Opening) Finish(reply []byte) (Secrets, error) {
	if len(reply) < PrefixLen {
		return Secrets{}, fmt.Errorf("the answer to the opening is cut short: %d bytes", len(reply))
	}
	if string(reply[:len(magic)]) != magic {
		return Secrets{}, fmt.Errorf("no jobpipe coordinator answers there, but something that says %q; check the address", reply[:PrefixLen])
	}
	version, verdict, message := reply[4], reply[5], reply[PrefixLen:]
	if version != wireVersion || verdict == otherFormat {
		return Secrets{}, fmt.Errorf("the coordinator speaks version %d of the wire format, this worker %d; use the same release of jobpipe on both", version, wireVersion)
	}
	if verdict != accepted {
		return Secrets{}, refusal(verdict)
	}
	if o.state == nil {
		if len(message) > 0 {
			return Secrets{}, fmt.Errorf("the answer to the opening is %d bytes too long", len(message))
		}
		return Secrets{}, nil
	}
	if len(message) != noiseLen {
		return Secrets{}, fmt.Errorf("the answer to the opening has %d bytes instead of %d", len(reply), PrefixLen+noiseLen)
	}
	_, first, second, err := o.state.ReadMessage(nil, message)
	if err != nil {
		return Secrets{}, errors.New("what answers there accepts our key but does not have it, so it is no coordinator of ours; check the address")
	}
	return Secrets{Send: &Cipher{first}, Recv: &Cipher{second}}, nil
}

// refusal is for the user of the worker.
func refusal(verdict byte) error {
	switch verdict {
	case keyNeeded:
		return errors.New("the coordinator lets nobody in without a key; run the worker without --insecure, and with a copy of the coordinator's key file (--key-file)")
	case keyless:
		return errors.New("the coordinator runs with --insecure and has no key; run it without, or this worker with --insecure too")
	case keysDiffer:
		return errors.New("the coordinator has another key; copy its key file here, or name the right one with --key-file")
	case busy:
		return ErrBusy
	}
	return fmt.Errorf("the coordinator refuses with verdict %d, which is unknown here; use the same release of jobpipe on both", verdict)
}

// Recognize says whether the first PrefixLen bytes are those of a worker, and
// not of another protocol.
func Recognize(opening []byte) error {
	if len(opening) < PrefixLen || string(opening[:len(magic)]) != magic {
		return fmt.Errorf("is not a jobpipe worker: it begins with %q", opening[:min(len(opening), PrefixLen)])
	}
	return nil
}

// Busy is the answer to a worker that may try again later.
func Busy() []byte { return prefix(busy) }

// Respond takes a worker's opening, which has OpeningLen bytes, and returns what
// to answer: nothing when it makes no sense. Any of the keys will do. With
// insecure set they are not looked at, and nobody with a key is let in.
//
// The error is for the log of the coordinator; the worker learns of it by the
// answer, after which the connection has to be closed. Without an error the
// worker still has to send a frame that opens: its opening may be one that
// somebody has recorded.
func Respond(keys []Key, insecure bool, opening []byte) (reply []byte, s Secrets, err error) {
	return respond(keys, insecure, opening, nil)
}

func respond(keys []Key, insecure bool, opening []byte, random io.Reader) (reply []byte, s Secrets, err error) {
	if err := Recognize(opening); err != nil {
		return nil, Secrets{}, err
	}
	version, security, message := opening[4], opening[5], opening[PrefixLen:]
	switch {
	case version != wireVersion:
		return prefix(otherFormat), Secrets{}, fmt.Errorf("the worker speaks version %d of the wire format, this coordinator %d; use the same release of jobpipe on both", version, wireVersion)
	case security > keyed:
		return prefix(otherFormat), Secrets{}, fmt.Errorf("the worker wants security %d, which is unknown here; use the same release of jobpipe on both", security)
	case len(opening) != OpeningLen(security):
		return nil, Secrets{}, fmt.Errorf("sent an opening of %d bytes instead of %d", len(opening), OpeningLen(security))
	case security == plain && !insecure:
		return prefix(keyNeeded), Secrets{}, errors.New("the worker came without a key; run it without --insecure, and with a copy of the key file")
	case security == plain:
		return prefix(accepted), Secrets{}, nil
	case insecure:
		return prefix(keyless), Secrets{}, errors.New("the worker came with a key, and there is none here; run it with --insecure, or the coordinator without")
	}
	for i := range keys {
		state, err := newHandshake(false, &keys[i], random)
		if err != nil {
			return nil, Secrets{}, err
		}
		if _, _, _, err := state.ReadMessage(nil, message); err != nil {
			continue
		}
		reply, first, second, err := state.WriteMessage(prefix(accepted), nil)
		if err != nil { // its point is one that gives everybody the same secret
			return nil, Secrets{}, errors.New("sent an opening with the right key and a bad point")
		}
		return reply, Secrets{Send: &Cipher{second}, Recv: &Cipher{first}}, nil
	}
	return prefix(keysDiffer), Secrets{}, errors.New("the worker has another key; copy the key file to it")
}
