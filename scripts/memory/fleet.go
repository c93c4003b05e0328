package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/key"
	"github.com/jobpipe/jobpipe/integration/opening"
)

// answerSize is how much each worker of a fleet answers.
const answerSize = 64 << 10

// connecting is how many of a fleet connect at a time: a coordinator lets in no
// more of one machine.
const connecting = 12

// crowd has all workers answer at the same moment.
func crowd(ctx context.Context, s *stage, l load) error { return fleet(ctx, s, l, false) }

// crowdHeldUp has the first job answered when the others are done, in input order.
func crowdHeldUp(ctx context.Context, s *stage, l load) error { return fleet(ctx, s, l, true) }

func fleet(ctx context.Context, s *stage, l load, heldUp bool) error {
	in, feed, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	flags := []string{"--dead-after", "5m", "--grace", "0"}
	if heldUp {
		flags = append(flags, "-k")
	}
	c, addr, results, err := s.coordinate(ctx, l, in, flags...)
	if err != nil {
		return err
	}
	keys, _, err := key.Find(s.path("key"))
	if err != nil {
		return err
	}
	members := make([]*member, l.workers)
	places := make(chan struct{}, connecting)
	var joining sync.WaitGroup
	var failure error
	var once sync.Once
	fail := func(err error) { once.Do(func() { failure = err }) }
	for i := range members {
		places <- struct{}{}
		joining.Go(func() {
			defer func() { <-places }()
			m, err := join(ctx, addr, &keys[0])
			if err != nil {
				fail(err)
			}
			members[i] = m
		})
	}
	joining.Wait()
	if failure != nil {
		return failure
	}
	var having, others, all sync.WaitGroup // a job; all but the first answered; ended
	having.Add(l.workers)
	others.Add(l.workers - 1)
	for _, m := range members {
		all.Go(func() {
			fail := func(err error) {
				fail(err)
				_ = m.conn.Close()
			}
			j, err := m.job()
			having.Done()
			if err != nil {
				fail(err)
				return
			}
			having.Wait()
			first := heldUp && j.Seq == 1
			if first {
				others.Wait()
			}
			if err := m.answer(j); err != nil {
				fail(err)
			}
			if j.Seq != 1 {
				others.Done()
			}
			if err := m.rest(); err != nil {
				fail(err)
			}
		})
	}
	go func() {
		_, _ = feed.Write(bytes.Repeat([]byte("job\n"), l.workers))
		_ = feed.Close()
	}()
	n, err := io.Copy(io.Discard, results)
	all.Wait()
	if err := errors.Join(err, failure, <-c.ended); err != nil {
		return err
	}
	if want := int64(l.workers) * answerSize; n != want {
		return fmt.Errorf("%d bytes of results came for %d jobs, not %d", n, l.workers, want)
	}
	return nil
}

// A member of a fleet is a worker that runs nothing. One goroutine uses it.
type member struct {
	conn   net.Conn
	in     *codec.Decoder
	out    *codec.Encoder
	buf    []byte // what came of which no frame was made yet
	queued []byte // frames to be sent
	credit int64
}

func join(ctx context.Context, addr string, k *codec.Key) (*member, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	secrets, err := opening.Greet(conn, k)
	if err != nil {
		return nil, err
	}
	m := &member{conn: conn, in: codec.NewDecoder(codec.NewScratch()), out: codec.NewEncoder(codec.NewScratch())}
	m.in.SetCipher(secrets.Recv)
	m.out.SetCipher(secrets.Send)
	m.put(codec.TypeHello, codec.AppendHello(nil, codec.Hello{MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion, Slots: 1, Name: "member"}))
	f, err := m.next()
	if err != nil {
		return nil, err
	}
	if f.Type != codec.TypeWelcome {
		return nil, fmt.Errorf("a frame of type %d instead of a welcome", f.Type)
	}
	welcome, err := codec.ParseWelcome(f.Payload)
	m.credit = int64(welcome.Credit)
	_ = conn.SetDeadline(time.Time{})
	return m, err
}

func (m *member) put(t codec.Type, payload []byte) { m.queued = m.out.Append(m.queued, t, payload) }

// next sends what is queued and returns the next frame, having answered pings
// and counted credit.
func (m *member) next() (codec.Frame, error) {
	for {
		f, n, err := m.in.Next(m.buf)
		if err != nil {
			return f, err
		}
		if n == 0 {
			if err := m.more(); err != nil {
				return f, err
			}
			continue
		}
		m.buf = m.buf[n:]
		switch f.Type {
		case codec.TypePing:
			m.put(codec.TypePong, f.Payload)
		case codec.TypeRevoke:
			m.put(codec.TypeGiveBack, nil)
		case codec.TypeAck:
			ack, err := codec.ParseAck(f.Payload)
			m.credit += int64(ack.Credit)
			return f, err
		default:
			return f, nil
		}
	}
}

func (m *member) more() error {
	if len(m.queued) > 0 {
		if _, err := m.conn.Write(m.queued); err != nil {
			return err
		}
		m.queued = nil
	}
	room := make([]byte, len(m.buf)+4<<10)
	n := copy(room, m.buf)
	got, err := m.conn.Read(room[n:])
	m.buf = room[:n+got]
	if got > 0 {
		return nil
	}
	return err
}

// job waits for a job.
func (m *member) job() (codec.Jobs, error) {
	for {
		f, err := m.next()
		if err != nil {
			return codec.Jobs{}, err
		}
		if f.Type == codec.TypeJobs {
			return codec.ParseJobs(f.Payload)
		}
	}
}

// answer answers a job in parts, as many as there is credit for at a time.
func (m *member) answer(j codec.Jobs) error {
	result := bytes.Repeat([]byte{'x'}, answerSize-1)
	for {
		n := min(len(result), int(m.credit), 48<<10)
		m.credit -= int64(n)
		if n == len(result) {
			m.put(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: j.Seq, Attempt: j.Attempt, Stdout: result}))
			return nil
		}
		if n > 0 {
			m.put(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: j.Seq, Attempt: j.Attempt, Stream: 1, Data: result[:n]}))
			result = result[n:]
			continue
		}
		if _, err := m.next(); err != nil {
			return err
		}
	}
}

// rest keeps in touch until the run is over.
func (m *member) rest() error {
	defer m.conn.Close()
	for {
		f, err := m.next()
		if err != nil {
			return err
		}
		if f.Type == codec.TypeOver {
			m.put(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
			_, err := m.conn.Write(m.queued)
			_, _ = io.Copy(io.Discard, m.conn)
			return err
		}
	}
}
