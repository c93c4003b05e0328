package worker

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/socket"
)

// say queues a short frame that goes before results. The link's mutex is held.
// In control it is its type, the length of its payload in two bytes, and that.
func (l *link) say(t codec.Type, payload []byte) {
	l.control = append(l.control, byte(t))
	l.control = binary.LittleEndian.AppendUint16(l.control, uint16(len(payload)))
	l.control = append(l.control, payload...)
	l.send.Signal()
}

// sayBack queues GiveBack frames for spans, which may be empty. The link's
// mutex is held.
func (l *link) sayBack(spans []span) {
	for _, s := range spans {
		l.results.forgo(s)
	}
	for {
		n := min(len(spans), codec.ManySpans)
		l.say(codec.TypeGiveBack, appendGiveBack(spans[:n]))
		if spans = spans[n:]; len(spans) == 0 {
			return
		}
	}
}

// writer turns what is ready into frames. It is owned by who has set
// connection.sending: the goroutine in write, or a slot in sendNow.
type writer struct {
	*connection
	control []byte
	pieces  []piece
	frames  codec.Vector // of this pass
	slices  net.Buffers  // where they lie
	unsent  net.Buffers  // of those, as a write goes on
	rest    []byte       // the end of frames, which the connection has not taken
	entries []byte       // a Results payload being filled
	spooled []byte       // what this pass has of spools

	start time.Time
	wrote int // bytes, in all
	meter socket.Meter
	links socket.Links // only this one

	answers []*answer
	head    []byte // of a payload
	payload [][]byte
}

// write sends until the link is broken, or leaving and out of things to send.
func (c *connection) write() {
	w := c.writer
	for w.collect() {
		if err := w.encode(); err != nil {
			c.mu.Lock()
			w.sent()
			c.mu.Unlock()
			c.fail(fmt.Errorf("reading back what a job printed: %w", err))
			return
		}
		w.slices = w.frames.Slices(w.slices[:0])
		w.unsent = w.slices
		_, err := w.unsent.WriteTo(c.conn)
		c.mu.Lock()
		w.sent()
		c.mu.Unlock()
		if err != nil {
			c.fail(c.lost(err, c.dead))
			return
		}
	}
}

// sent ends a pass. The link's mutex is held.
func (w *writer) sent() {
	l := w.connection
	l.sending = false
	l.wrote = true
	l.results.written(w.pieces)
	l.results.answersCopied(w.answers)
}

// adapt has the compression of what follows chosen by how fast the link is, where
// the coordinator leaves that to us.
func (w *writer) adapt() {
	now := time.Since(w.start)
	if !w.out.Adapts() || !w.meter.Due(now) {
		return
	}
	conn, ok := w.conn.(syscall.Conn)
	if !ok {
		return
	}
	sent := socket.Sent{Wrote: w.wrote}
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { sent = socket.SentOn(int(fd), w.wrote, 0) })
	}
	w.out.SetSlow(w.meter.Look(now, sent, &w.links))
}

// collect waits for something to send and takes it.
func (w *writer) collect() bool {
	l := w.connection
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.sending || w.nothing() {
		if !l.sending && (l.leaving || l.err != nil) {
			return false
		}
		l.send.Wait()
	}
	if l.err != nil {
		return false
	}
	w.pick()
	return true
}

// nothing tells whether there is nothing to send. The link's mutex is held, and
// nobody else owns the writer.
func (w *writer) nothing() bool {
	l := w.connection
	return len(w.rest) == 0 && len(l.control) == 0 && (l.leaving || l.waiting || !l.results.ready() && !l.results.answersReady())
}

// pick begins a pass. The link's mutex is held.
func (w *writer) pick() {
	l := w.connection
	l.sending = true
	clear(w.pieces)
	w.pieces = w.pieces[:0]
	w.answers = w.answers[:0]
	w.control, l.control = l.control, w.control[:0]
	if !l.leaving && !l.waiting { // goodbye is the last frame
		w.pieces = l.results.pick(w.pieces)
		w.answers = l.results.pickAnswers(w.answers)
		l.ringSlots()
	}
}

// encode makes the frames of this pass, behind what the last one left.
func (w *writer) encode() error {
	w.frames.Reset(w.rest)
	w.rest, w.spooled = nil, w.spooled[:0]
	left := w.frames.Len()
	for c := w.control; len(c) > 0; {
		n := 3 + int(binary.LittleEndian.Uint16(c[1:]))
		w.out.Put(&w.frames, codec.Type(c[0]), c[3:n])
		c = c[n:]
	}
	for _, p := range w.pieces {
		if p.skip {
			continue
		}
		if err := w.piece(p); err != nil {
			return err
		}
	}
	w.flush()
	w.encodeAnswers(w.answers)
	w.adapt()
	w.wrote += w.frames.Len() - left
	return nil
}

// piece encodes one piece.
func (w *writer) piece(p piece) error {
	stdout, stderr := p.streams()
	from := len(w.spooled)
	w.spooled = slices.Grow(w.spooled, int(p.n))[:from+int(p.n)]
	b := w.spooled[from:]
	if err := p.read(b); err != nil {
		return err
	}
	if p.last {
		w.result(wireResult(p.result, b[:stdout], b[stdout:]))
		return nil
	}
	stream := stdoutPart
	if stderr > 0 {
		stream = stderrPart
	}
	w.part(codec.ResultPart{Seq: p.seq, Attempt: p.attempt, Stream: uint8(stream), Data: b})
	return nil
}

// result adds the end of a result to the Results frame that is being filled.
func (w *writer) result(m codec.Result) {
	if len(w.entries)+codec.ResultSize(m) > codec.MaxPayload {
		w.flush()
	}
	w.entries = codec.AppendResult(w.entries, m)
}

// part makes a frame of a part of a result. Its data stays where it is.
func (w *writer) part(m codec.ResultPart) {
	w.flush()
	data := m.Data
	m.Data = nil
	w.head = codec.AppendResultPart(w.head[:0], m)
	w.out.Lend(&w.frames, codec.TypeResultPart, w.head, data)
}

// flush ends a Results frame.
func (w *writer) flush() {
	if len(w.entries) > 0 {
		w.out.Put(&w.frames, codec.TypeResults, w.entries)
		w.entries = w.entries[:0]
	}
}

// streams is how many bytes of the piece are of which stream.
func (p *piece) streams() (stdout, stderr int64) {
	stdout = max(0, min(p.Stdout.Len()-p.from, p.n))
	return stdout, p.n - stdout
}

// read fills b with the bytes of the piece.
func (p *piece) read(b []byte) error {
	stdout, _ := p.streams()
	if stdout > 0 {
		if n, err := p.Stdout.ReadAt(b[:stdout], p.from); n < int(stdout) {
			return short(err)
		}
	}
	if b = b[stdout:]; len(b) > 0 {
		if n, err := p.Stderr.ReadAt(b, p.from+stdout-p.Stdout.Len()); n < len(b) {
			return short(err)
		}
	}
	return nil
}

func short(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
