//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/opening"
)

// A hand is one worker. The crew's mutex guards it, but for what is the
// reader's.
type hand struct {
	*crew
	n       int
	hello   codec.Hello
	opening *codec.Opening // of the next connection, the reader's; nil: not made yet
	words   []byte
	conn    net.Conn       // nil while there is none
	in      *codec.Decoder // the reader's
	buf     []byte         // the reader's
	out     *codec.Encoder
	queue   []job
	free    int // slots
	credit  int // bytes of results
	frames  []byte
	done    []byte // results that are not in a frame yet
	listed  bool   // in crew.full
	owing   []job  // their results wait for credit
	kept    []job  // where connections are cut: jobs that run, or whose result is not acknowledged
}

// A job that waits or runs.
type job struct {
	seq, attempt uint64
	record       []byte
	over         bool // has run
}

// newHand is a worker without a connection.
func (c *crew) newHand(n int) *hand {
	h := &hand{crew: c, n: n, free: c.slots, hello: codec.Hello{
		MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion,
		Slots: uint32(c.slots), Name: fmt.Sprintf("hand%d", n+1),
	}}
	_, _ = rand.Read(h.hello.Session[:])
	return h
}

// join connects, says hello and takes the welcome.
func (h *hand) join() (conn net.Conn, err error) {
	if h.opening == nil {
		h.opening, h.words = codec.Start(h.key)
	}
	if conn, err = h.dial(h.n); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	reply, err := opening.Exchange(conn, h.opening, h.words)
	if err != nil {
		return conn, err
	}
	if bytes.Equal(reply, codec.Busy()) {
		return conn, codec.ErrBusy // and the same words will do for the next try: it takes time to make them
	}
	secrets, err := h.opening.Finish(reply)
	h.opening = nil
	if err != nil {
		return conn, err
	}
	out := codec.NewEncoder(codec.NewScratch())
	out.SetCipher(secrets.Send)
	h.in, h.buf = codec.NewDecoder(codec.NewScratch()), nil
	h.in.SetCipher(secrets.Recv)
	if _, err := conn.Write(out.Append(nil, codec.TypeHello, codec.AppendHello(nil, h.hello))); err != nil {
		return conn, err
	}
	f, err := h.next(conn)
	if err != nil {
		return conn, err
	}
	if f.Type != codec.TypeWelcome {
		return conn, fmt.Errorf("%v instead of a welcome", f.Type)
	}
	m, err := codec.ParseWelcome(f.Payload)
	if err != nil {
		return conn, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conn, h.out, h.frames, h.done = conn, out, nil, nil
	h.out.SetCompression(m.Compression)
	h.credit = int(m.Credit)
	h.here++
	if m.Resumed {
		h.offer()
		h.send()
	} else if len(h.kept)+len(h.queue) > 0 {
		return conn, fmt.Errorf("worker %d has come back too late", h.n+1)
	}
	return conn, nil
}

// serve works until the run is over. A connection that is cut is followed by
// another, and one that is refused is tried again, as jobpipe-worker does it.
func (h *hand) serve() error {
	const firstRetry, lastRetry = 50 * time.Millisecond, 3 * time.Second
	retry := firstRetry
	for {
		conn, err := h.join()
		switch {
		case err == nil:
			over, err := h.read(conn)
			if over || err != nil && !h.wasCut() {
				return err
			}
			retry = firstRetry
		case !errors.Is(err, codec.ErrBusy) && !h.keep:
			return err
		}
		time.Sleep(retry/2 + mrand.N(retry))
		retry = min(2*retry, lastRetry)
	}
}

// wasCut reports whether crew.cut took the connection away.
func (h *hand) wasCut() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conn == nil
}

// offer tells what there is of the connection before, and sends again what may
// not have arrived.
func (h *hand) offer() {
	all := slices.Concat(h.kept, h.queue)
	slices.SortFunc(all, func(a, b job) int { return int(a.seq) - int(b.seq) })
	var held []codec.HeldSpan
	for _, j := range all {
		held = append(held, codec.HeldSpan{Span: codec.Span{Seq: j.seq, Count: 1}, Attempt: j.attempt})
	}
	h.put(codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Last: true, Spans: held}))
	h.owing = nil
	for _, j := range h.kept {
		if j.over {
			h.answer(j)
		}
	}
}

func (h *hand) put(t codec.Type, payload []byte) { h.frames = h.out.Append(h.frames, t, payload) }

func (h *hand) write() error {
	if len(h.frames) == 0 || h.conn == nil {
		return nil
	}
	_, err := h.conn.Write(h.frames)
	h.frames = h.frames[:0]
	return err
}

// read takes frames in until the run is over, or the connection is cut.
func (h *hand) read(conn net.Conn) (over bool, err error) {
	defer conn.Close()
	for {
		f, err := h.next(conn)
		if err != nil {
			return false, err
		}
		if over, err := h.take(f); over || err != nil {
			_, _ = io.Copy(io.Discard, conn)
			return over, err
		}
	}
}

// next returns the next frame.
func (h *hand) next(conn net.Conn) (codec.Frame, error) {
	for {
		f, n, err := h.in.Next(h.buf)
		if n > 0 || err != nil {
			h.buf = h.buf[n:]
			return f, err
		}
		if err := h.more(conn); err != nil {
			return f, err
		}
	}
}

// more reads on, into memory that grows with what comes at a time.
func (h *hand) more(conn net.Conn) error {
	room := max(512, 2*len(h.buf))
	if cap(h.buf)-len(h.buf) < room {
		h.buf = append(make([]byte, 0, len(h.buf)+room), h.buf...)
	}
	n, err := conn.Read(h.buf[len(h.buf):cap(h.buf)])
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
	case codec.TypeAck:
		var m codec.Ack
		m, err = codec.ParseAck(f.Payload)
		h.credit += int(m.Credit)
		for _, span := range m.Spans {
			h.kept = slices.DeleteFunc(h.kept, func(j job) bool { return j.seq-span.Seq < span.Count })
		}
		owing := h.owing
		h.owing = nil
		for _, j := range owing {
			h.answer(j)
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
		j := job{seq: seq, attempt: m.Attempt, record: rest[:n:n]}
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
	if h.keep {
		h.kept = append(h.kept, j)
		if err := h.begun.Tick(bytes.TrimSuffix(j.record, []byte{'\n'})); err != nil {
			h.err = errors.Join(h.err, fmt.Errorf("run twice: %w", err))
		}
	}
	if len(h.crew.due) == 0 {
		h.work.Signal()
	}
	h.crew.due = append(h.crew.due, due{at + h.took, h, j})
	return true
}

// finish ends a job.
func (h *hand) finish(j job) {
	for i := range h.kept {
		if h.kept[i].seq == j.seq {
			h.kept[i].over = true
		}
	}
	if h.conn != nil {
		h.answer(j)
	}
}

// answer makes a result of a job.
func (h *hand) answer(j job) {
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
	if err := h.write(); err != nil && !h.keep {
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
