//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/opening"
)

// A hand is one worker. The crew's mutex guards it, but for what is the
// reader's.
type hand struct {
	*crew
	conn   net.Conn
	in     *codec.Decoder // the reader's
	buf    []byte         // the reader's
	out    *codec.Encoder
	queue  []job
	free   int // slots
	credit int // bytes of results
	frames []byte
	done   []byte // results that are not in a frame yet
	listed bool   // in crew.full
	owing  []job  // their results wait for credit
}

// A job that waits or runs.
type job struct {
	seq, attempt uint64
	record       []byte
}

// join says hello over a Unix socket, where there is no encryption.
func (c *crew) join(conn net.Conn, n, slots int) (*hand, error) {
	if _, err := opening.Greet(conn, nil); err != nil {
		return nil, err
	}
	h := &hand{crew: c, conn: conn, free: slots, in: codec.NewDecoder(codec.NewScratch()), out: codec.NewEncoder(codec.NewScratch())}
	hello := codec.Hello{
		MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion,
		Slots: uint32(slots), Name: fmt.Sprintf("hand%d", n+1),
	}
	_, _ = rand.Read(hello.Session[:])
	h.put(codec.TypeHello, codec.AppendHello(nil, hello))
	return h, h.write()
}

func (h *hand) put(t codec.Type, payload []byte) { h.frames = h.out.Append(h.frames, t, payload) }

func (h *hand) write() error {
	if len(h.frames) == 0 {
		return nil
	}
	_, err := h.conn.Write(h.frames)
	h.frames = h.frames[:0]
	return err
}

// read takes frames in until the run is over.
func (h *hand) read() error {
	defer h.conn.Close()
	for {
		f, n, err := h.in.Next(h.buf)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := h.more(); err != nil {
				return err
			}
			continue
		}
		h.buf = h.buf[n:]
		if over, err := h.take(f); over || err != nil {
			_, _ = io.Copy(io.Discard, h.conn)
			return err
		}
	}
}

// more reads on, into memory that grows with what comes at a time.
func (h *hand) more() error {
	room := max(512, 2*len(h.buf))
	if cap(h.buf)-len(h.buf) < room {
		h.buf = append(make([]byte, 0, len(h.buf)+room), h.buf...)
	}
	n, err := h.conn.Read(h.buf[len(h.buf):cap(h.buf)])
	h.buf = h.buf[:len(h.buf)+n]
	if n > 0 {
		return nil
	}
	return err
}

// take does what one frame asks for.
func (h *hand) take(f codec.Frame) (over bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch f.Type {
	case codec.TypeWelcome:
		var m codec.Welcome
		m, err = codec.ParseWelcome(f.Payload)
		h.credit += int(m.Credit)
		h.out.SetCompression(m.Compression)
	case codec.TypeAck:
		var m codec.Ack
		m, err = codec.ParseAck(f.Payload)
		h.credit += int(m.Credit)
		owing := h.owing
		h.owing = nil
		for _, j := range owing {
			h.finish(j)
		}
	case codec.TypeJobs:
		err = h.jobs(f.Payload)
	case codec.TypeRevoke:
		h.giveBack(f.Payload)
	case codec.TypePing:
		h.put(codec.TypePong, f.Payload)
	case codec.TypeOver:
		h.put(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
		over = true
	default:
		err = fmt.Errorf("unexpected %v", f.Type)
	}
	if h.took == 0 || len(h.frames) > 0 {
		h.send()
	}
	return over, err
}

// jobs queues jobs and starts what there are slots for, or answers at once when
// they take no time.
func (h *hand) jobs(payload []byte) error {
	m, err := codec.ParseJobs(payload)
	if err != nil {
		return err
	}
	rest := m.Records
	if h.took > 0 {
		rest = bytes.Clone(rest)
	}
	at := now()
	for seq := m.Seq; seq < m.Seq+m.Count; seq++ {
		n := bytes.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		j := job{seq, m.Attempt, rest[:n:n]}
		rest = rest[n:]
		if h.took == 0 {
			h.finish(j)
			continue
		}
		h.queue = append(h.queue, j)
		h.start(at)
	}
	return nil
}

// start runs the next job, and reports whether there was one and a slot for it.
func (h *hand) start(at time.Duration) bool {
	if len(h.queue) == 0 || h.free == 0 {
		return false
	}
	h.free--
	j := h.queue[0]
	h.queue = h.queue[1:]
	if len(h.crew.due) == 0 {
		h.work.Signal()
	}
	h.crew.due = append(h.crew.due, due{at + h.took, h, j})
	return true
}

// finish makes a result of a job.
func (h *hand) finish(j job) {
	if h.credit < len(j.record) {
		if h.took == 0 {
			j.record = bytes.Clone(j.record)
		}
		h.owing = append(h.owing, j)
		return
	}
	h.credit -= len(j.record)
	r := codec.Result{Seq: j.seq, Attempt: j.attempt, Took: uint64(h.took.Microseconds()), Stdout: j.record}
	if len(h.done)+codec.ResultSize(r) > codec.MaxPayload {
		h.frame()
	}
	h.done = codec.AppendResult(h.done, r)
	if !h.listed {
		h.listed = true
		h.full = append(h.full, h)
	}
}

// frame puts what is done into a frame.
func (h *hand) frame() {
	if len(h.done) > 0 {
		h.put(codec.TypeResults, h.done)
		h.done = h.done[:0]
	}
}

func (h *hand) send() {
	h.frame()
	if err := h.write(); err != nil {
		h.err = err
	}
}

// giveBack returns jobs that have not started, the newest first.
func (h *hand) giveBack(payload []byte) {
	m, err := codec.ParseRevoke(payload)
	if err != nil {
		return
	}
	var back codec.GiveBack
	for range min(m.Count, codec.ManySpans) {
		n := len(h.queue)
		if n == 0 {
			break
		}
		back.Spans = append(back.Spans, codec.Span{Seq: h.queue[n-1].seq, Count: 1})
		h.queue = h.queue[:n-1]
	}
	h.put(codec.TypeGiveBack, codec.AppendGiveBack(nil, back))
}
