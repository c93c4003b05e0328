package accept

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"unicode"

	"github.com/jobpipe/jobpipe/codec"
)

// maxBytes is how much a stranger may send, Hello and all.
const maxBytes = 256

// Peer is a worker that was let in.
type Peer struct {
	Hello   codec.Hello // slots are at most codec.MaxSlots, the name is fit to print
	Version uint8       // the newest that both sides speak
	Addr    string      // for messages
	Local   bool        // came over a Unix socket
	Enc     *codec.Encoder
	Dec     *codec.Decoder // has read the Hello; the next byte of the connection begins a frame
}

// errSilent is a stranger that left without a word: a port scan, a health check.
var errSilent = errors.New("left without a word")

// stranger is a connection that has not shown the key. Its goroutine owns it.
type stranger struct {
	conn   net.Conn
	local  bool
	addr   string
	source netip.Prefix // what it is counted under; zero when local
	ticket *ticket      // nil when local
	reach  func(stage)  // called when it has come so far; nil when local
	proven bool         // what it sent can only come from somebody who has the key

	buf  [maxBytes]byte
	read int // bytes of buf
}

// next reads exactly n more bytes, so that none of what follows is lost.
func (s *stranger) next(n int) ([]byte, error) {
	if n > len(s.buf)-s.read {
		return nil, fmt.Errorf("sent more than %d bytes before a hello", len(s.buf))
	}
	b := s.buf[s.read : s.read+n]
	got, err := io.ReadFull(s.conn, b)
	s.read += got
	switch {
	case err == nil:
		return b, nil
	case s.read == 0 && errors.Is(err, io.EOF):
		return nil, errSilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("left in the middle of its hello")
	}
	return nil, cause(err)
}

// cause is what to tell about an error of a stranger's connection. When its time is
// over may show in our answer, too.
func cause(err error) error {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return errors.New("took too long to say hello")
	}
	return errnoOf(err)
}

// handshake reads an opening and a Hello, and answers. An error has been
// answered already where the stranger may learn of it.
func (s *stranger) handshake(conf *Config) (p Peer, err error) {
	defer func() {
		// The decoders see hostile bytes here: a panic is this stranger's end.
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	if s.reach != nil {
		s.reach(asked)
	}
	opening, err := s.opening()
	if err != nil {
		return Peer{}, err
	}
	insecure := s.local || conf.Insecure
	var keys []codec.Key
	if !insecure {
		keys = conf.Keys()
	}
	reply, secrets, err := codec.Respond(keys, insecure, opening)
	if len(reply) > 0 {
		if _, werr := s.conn.Write(reply); werr != nil && err == nil {
			err = cause(werr)
		}
	}
	if err != nil {
		return Peer{}, err
	}
	if s.reach != nil {
		s.reach(greeted)
	}
	return s.hello(secrets)
}

// opening reads what a worker begins with. Other protocols are told by their
// first bytes and get no answer.
func (s *stranger) opening() ([]byte, error) {
	b, err := s.next(codec.PrefixLen)
	if err != nil {
		return nil, err
	}
	if err := codec.Recognize(b); err != nil {
		return nil, err
	}
	if _, err := s.next(codec.OpeningLen(b[codec.PrefixLen-1]) - codec.PrefixLen); err != nil {
		return nil, err
	}
	return s.buf[:s.read], nil
}

// hello reads the first frame, which nobody without the key can make.
func (s *stranger) hello(secrets codec.Secrets) (Peer, error) {
	scratch := codec.NewScratch()
	p := Peer{Addr: s.addr, Local: s.local, Enc: codec.NewEncoder(scratch), Dec: codec.NewDecoder(scratch)}
	p.Enc.SetCipher(secrets.Send)
	p.Dec.SetCipher(secrets.Recv)

	begin := s.read
	head, err := s.next(codec.HeaderLen)
	if err != nil {
		return Peer{}, err
	}
	length := binary.LittleEndian.Uint32(head)
	if length > maxBytes {
		return Peer{}, fmt.Errorf("sent a hello of %d bytes", length)
	}
	if _, err := s.next(int(length)); err != nil {
		return Peer{}, err
	}
	f, n, err := p.Dec.Next(s.buf[begin:s.read])
	if err != nil {
		return Peer{}, err
	}
	s.proven = secrets.Recv != nil // that frame was sealed by who has the key
	if n != s.read-begin || f.Type != codec.TypeHello {
		return Peer{}, errors.New("sent something else than a hello")
	}
	if p.Hello, err = codec.ParseHello(f.Payload); err != nil {
		return Peer{}, err
	}
	s.proven = true // where there is no key, this is all the proof there is
	p.Hello.Slots = min(p.Hello.Slots, codec.MaxSlots)
	p.Hello.Name = printable(p.Hello.Name)
	if p.Version = common(p.Hello); p.Version == 0 {
		return Peer{}, s.refuse(&p)
	}
	return p, nil
}

// refuse tells a worker that has the key, but speaks no version that we do.
func (s *stranger) refuse(p *Peer) error {
	reason := fmt.Sprintf("the coordinator speaks %s of the protocol, this worker %s: use the same release of jobpipe on both",
		versions(codec.MinVersion, codec.MaxVersion), versions(p.Hello.MinVersion, p.Hello.MaxVersion))
	frame := p.Enc.Append(nil, codec.TypeRefuse, codec.AppendRefuse(nil, codec.Refuse{Reason: reason}))
	_, _ = s.conn.Write(frame) // the worker may be gone; that it is refused stands
	return fmt.Errorf("worker %s: %s", p.Hello.Name, reason)
}

// common is the newest version that both sides speak, 0 if there is none.
func common(h codec.Hello) uint8 {
	newest := min(h.MaxVersion, codec.MaxVersion)
	if newest < max(h.MinVersion, codec.MinVersion) {
		return 0
	}
	return newest
}

func versions(least, most uint8) string {
	if least == most {
		return fmt.Sprintf("version %d", least)
	}
	return fmt.Sprintf("versions %d to %d", least, most)
}

// busy tells a worker that is turned away unheard to come again later.
func (s *stranger) busy() {
	_, _ = s.conn.Write(codec.Busy())
}

// printable is name without what could play tricks on a terminal or a log.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	if name = strings.TrimSpace(name); name == "" {
		return "worker"
	}
	return name
}
