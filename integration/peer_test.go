package integration

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/opening"
)

// A peer speaks the protocol to a coordinator as a worker does, without running
// anything; or as no worker would. One goroutine uses it.
type peer struct {
	conn    net.Conn
	in      *codec.Decoder
	out     *codec.Encoder
	buf     []byte // what came, from which no frame was made yet
	space   []byte
	welcome codec.Welcome
	credit  int64
	queued  []byte        // frames to be sent by flush
	later   []codec.Frame // came while credit was waited for
}

// meet connects and says hello; a key is used on TCP.
func meet(addr string, key *codec.Key, hello codec.Hello) (*peer, error) {
	network, where := "tcp", addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, where = "unix", path
	}
	conn, err := net.DialTimeout(network, where, deadline)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(deadline))
	secrets, err := opening.Greet(conn, key)
	if err != nil {
		return nil, err
	}
	p := &peer{conn: conn, in: codec.NewDecoder(codec.NewScratch()), out: codec.NewEncoder(codec.NewScratch()), space: make([]byte, 1<<20)}
	p.in.SetCipher(secrets.Recv)
	p.out.SetCipher(secrets.Send)
	if err := p.send(codec.TypeHello, codec.AppendHello(nil, hello)); err != nil {
		return nil, err
	}
	f, err := p.next()
	if err != nil {
		return nil, err
	}
	if f.Type != codec.TypeWelcome {
		_ = conn.Close()
		return nil, fmt.Errorf("%v instead of a welcome: %q", f.Type, f.Payload)
	}
	p.welcome, err = codec.ParseWelcome(f.Payload)
	p.credit = int64(p.welcome.Credit)
	p.out.SetCompression(p.welcome.Compression)
	return p, err
}

// helloOf is what a decent worker says first.
func helloOf(name string, slots uint32) codec.Hello {
	h := codec.Hello{MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion, Slots: slots, Compressions: 1<<codec.S2 | 1<<codec.Zstd, Name: name}
	_, _ = rand.Read(h.Session[:])
	return h
}

// put queues a frame, flush sends all that are queued, send does both.
func (p *peer) put(t codec.Type, payload []byte) { p.queued = p.out.Append(p.queued, t, payload) }

func (p *peer) flush() error {
	_, err := p.conn.Write(p.queued)
	p.queued = p.queued[:0]
	return err
}

func (p *peer) send(t codec.Type, payload []byte) error {
	p.put(t, payload)
	return p.flush()
}

// next returns the next frame, having answered pings and counted credit itself.
func (p *peer) next() (codec.Frame, error) {
	for {
		f, n, err := p.in.Next(p.buf)
		if err != nil {
			return f, err
		}
		if n == 0 {
			if err := p.more(); err != nil {
				return f, err
			}
			continue
		}
		p.buf = p.buf[n:]
		switch f.Type {
		case codec.TypePing:
			p.put(codec.TypePong, f.Payload)
		case codec.TypeAck:
			ack, err := codec.ParseAck(f.Payload)
			if err != nil {
				return f, err
			}
			p.credit += int64(ack.Credit)
		default:
			return f, nil
		}
	}
}

// more sends what is queued and waits for bytes.
func (p *peer) more() error {
	if len(p.queued) > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	n := copy(p.space, p.buf)
	got, err := p.conn.Read(p.space[n:])
	p.buf = p.space[:n+got]
	if got > 0 {
		return nil
	}
	return err
}

// jobs waits for jobs.
func (p *peer) jobs() (codec.Jobs, error) {
	for {
		f, err := p.next()
		if err != nil {
			return codec.Jobs{}, err
		}
		switch f.Type {
		case codec.TypeJobs:
			return codec.ParseJobs(f.Payload)
		case codec.TypeRevoke:
			p.put(codec.TypeGiveBack, nil)
		}
	}
}

// serve answers every job with its own record until the run is over.
func (p *peer) serve() error {
	defer p.conn.Close()
	var payload []byte
	for {
		f, err := p.take()
		if err != nil {
			return err
		}
		switch f.Type {
		case codec.TypeJobs:
			m, err := codec.ParseJobs(f.Payload)
			if err != nil {
				return err
			}
			if payload, err = p.echo(payload[:0], m); err != nil {
				return err
			}
		case codec.TypeRevoke:
			p.put(codec.TypeGiveBack, nil)
		case codec.TypeOver:
			err := p.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
			_, _ = io.Copy(io.Discard, p.conn)
			return err
		default:
			return fmt.Errorf("unexpected %v", f.Type)
		}
	}
}

// take is next, but for frames that came earlier.
func (p *peer) take() (codec.Frame, error) {
	if len(p.later) == 0 {
		return p.next()
	}
	f := p.later[0]
	p.later = p.later[1:]
	return f, nil
}

// await waits until there is credit for n bytes. What comes meanwhile is kept.
func (p *peer) await(n int64) error {
	for p.credit < n {
		f, got, err := p.in.Next(p.buf)
		switch {
		case err != nil:
			return err
		case got == 0:
			err = p.more()
		case f.Type == codec.TypeAck:
			var ack codec.Ack
			ack, err = codec.ParseAck(f.Payload)
			p.credit += int64(ack.Credit)
		case f.Type == codec.TypePing:
			p.put(codec.TypePong, f.Payload)
		default:
			p.later = append(p.later, codec.Frame{Type: f.Type, Payload: bytes.Clone(f.Payload)})
		}
		if err != nil {
			return err
		}
		p.buf = p.buf[got:]
	}
	return nil
}

// echo answers jobs with their records, in frames as full as they get.
func (p *peer) echo(payload []byte, m codec.Jobs) ([]byte, error) {
	records := m.Records
	for i := range m.Count {
		end := 1
		for end < len(records) && records[end-1] != p.welcome.Delim {
			end++
		}
		r := codec.Result{Seq: m.Seq + i, Attempt: m.Attempt, Stdout: records[:end]}
		records = records[end:]
		if len(payload)+codec.ResultSize(r) > codec.MaxPayload {
			p.put(codec.TypeResults, payload)
			payload = payload[:0]
		}
		if p.credit < int64(end) {
			r.Stdout, records = bytes.Clone(r.Stdout), bytes.Clone(records) // reading takes their memory
			if len(payload) > 0 {
				p.put(codec.TypeResults, payload)
				payload = payload[:0]
			}
			if err := p.await(int64(end)); err != nil {
				return payload, err
			}
		}
		p.credit -= int64(end)
		payload = codec.AppendResult(payload, r)
	}
	p.put(codec.TypeResults, payload)
	return payload, nil
}

// closed reads until the coordinator closes the connection.
func (p *peer) closed() error {
	_ = p.conn.SetReadDeadline(time.Now().Add(deadline))
	_, err := io.Copy(io.Discard, p.conn)
	_ = p.conn.Close()
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return errors.New("the connection is not closed")
	}
	return nil
}

// keyOf reads the key of a test's home.
func keyOf(t testing.TB, dir string) *codec.Key {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ".home", ".config", "jobpipe", "key"))
	if err != nil {
		t.Fatal(err)
	}
	var key codec.Key
	if _, err := hex.Decode(key[:], []byte(strings.TrimSpace(string(text)))); err != nil {
		t.Fatal(err)
	}
	return &key
}
