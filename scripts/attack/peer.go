package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/opening"
)

const patience = 10 * time.Second

// A peer has the key, and was let in as a worker.
type peer struct {
	net.Conn
	in  *codec.Decoder
	out *codec.Encoder
	buf []byte
}

func readKey(file string) *codec.Key {
	text, err := os.ReadFile(file)
	var key codec.Key
	if err == nil {
		_, err = hex.Decode(key[:], []byte(strings.TrimSpace(string(text))))
	}
	if err != nil {
		panic(err)
	}
	return &key
}

func helloOf(name string, slots uint32) codec.Hello {
	return codec.Hello{MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion, Slots: slots, Compressions: 1<<codec.S2 | 1<<codec.Zstd, Name: name}
}

// dial connects, from an address of this machine if one is given.
func dial(addr, from string) (net.Conn, error) {
	d := net.Dialer{Timeout: patience}
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := d.Dial(network, addr)
	if err == nil {
		_ = conn.SetDeadline(time.Now().Add(patience))
	}
	return conn, err
}

// meet connects and says hello, and takes the welcome.
func meet(addr, from string, key *codec.Key, hello codec.Hello) (p *peer, err error) {
	conn, err := dial(addr, from)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	secrets, err := opening.Greet(conn, key)
	if err != nil {
		return nil, err
	}
	p = &peer{Conn: conn, in: codec.NewDecoder(codec.NewScratch()), out: codec.NewEncoder(codec.NewScratch())}
	p.in.SetCipher(secrets.Recv)
	p.out.SetCipher(secrets.Send)
	if err := p.send(codec.TypeHello, codec.AppendHello(nil, hello)); err != nil {
		return nil, err
	}
	f, err := p.next()
	if err == nil && f.Type != codec.TypeWelcome {
		err = fmt.Errorf("%v instead of a welcome", f.Type)
	}
	return p, err
}

func (p *peer) frame(t codec.Type, payload []byte) []byte { return p.out.Append(nil, t, payload) }

func (p *peer) send(t codec.Type, payload []byte) error {
	_, err := p.Write(p.frame(t, payload))
	return err
}

// next returns the next frame.
func (p *peer) next() (codec.Frame, error) {
	for {
		f, n, err := p.in.Next(p.buf)
		if err != nil || n > 0 {
			p.buf = p.buf[n:]
			return f, err
		}
		more := make([]byte, 64<<10)
		if n, err = p.Read(more); n == 0 {
			return f, err
		}
		p.buf = append(p.buf[:len(p.buf):len(p.buf)], more[:n]...)
	}
}

// jobs waits for jobs, and answers pings meanwhile.
func (p *peer) jobs() (codec.Jobs, error) {
	for {
		f, err := p.next()
		if err != nil {
			return codec.Jobs{}, err
		}
		switch f.Type {
		case codec.TypeJobs:
			return codec.ParseJobs(f.Payload)
		case codec.TypePing:
			err = p.send(codec.TypePong, f.Payload)
		case codec.TypeRevoke:
			err = p.send(codec.TypeGiveBack, nil)
		}
		if err != nil {
			return codec.Jobs{}, err
		}
	}
}

// drain reads until the other side closes.
func (p *peer) drain() {
	_, _ = io.Copy(io.Discard, p)
	_ = p.Close()
}
