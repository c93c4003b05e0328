package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A tape is a connection on which everything the coordinator will ever say is
// there, and nobody listens.
type tape struct {
	net.Conn
	*bytes.Reader
	cuts *rand.Rand // comes in pieces; nil: as it is asked for
}

func (t *tape) Read(b []byte) (int, error) {
	if t.cuts != nil {
		b = b[:1+t.cuts.IntN(len(b))&t.cuts.IntN(64)] // most are small
	}
	return t.Reader.Read(b)
}

func (t *tape) Write(b []byte) (int, error)      { return len(b), nil }
func (t *tape) Close() error                     { return nil }
func (t *tape) SetDeadline(time.Time) error      { return nil }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }

func newTape(data []byte) *tape { return &tape{Reader: bytes.NewReader(data)} }

// frames encodes frames, each a type and its payload.
func frames(list ...codec.Frame) (b []byte) {
	enc := codec.NewEncoder(codec.NewScratch())
	for _, f := range list {
		b = enc.Append(b, f.Type, f.Payload)
	}
	return b
}

// welcomed is a connection on which the coordinator has sent a welcome, and then data.
func welcomed(t testing.TB, change func(*codec.Welcome), data ...byte) *connection {
	t.Helper()
	w := usual()
	change(&w)
	conn := newTape(append(frames(codec.Frame{Type: codec.TypeWelcome, Payload: codec.AppendWelcome(nil, w)}), data...))
	cfg := &Config{Name: "here", Slots: 2, Log: logTo(t)}
	c, w, err := join(context.Background(), conn, codec.Secrets{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.link = newLink(cfg, w)
	return c
}

// audit counts again what the queue keeps account of.
func (q *queue) audit(t testing.TB, delim byte) {
	t.Helper()
	jobs, size := 0, 0
	for _, r := range q.ranges {
		records := bytes.Count(r.Data, []byte{delim})
		if n := len(r.Data); n == 0 || r.Data[n-1] != delim {
			records++
		}
		if r.Count < 1 || records != r.Count {
			t.Fatalf("%d jobs in %d records: %.60q", r.Count, records, r.Data)
		}
		jobs += r.Count
		size += len(r.Data) + rangeCost
	}
	if jobs != q.jobs || size != q.bytes {
		t.Fatalf("the queue counts %d jobs, %d bytes; there are %d, %d", q.jobs, q.bytes, jobs, size)
	}
}

// FuzzReader is a coordinator that says anything, in pieces of any size.
func FuzzReader(f *testing.F) {
	span := codec.Span{Seq: 2, Count: 3}
	jobs := codec.Frame{Type: codec.TypeJobs, Payload: codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 3, Attempt: 1, Records: []byte("a\n\nc\n")})}
	part := codec.Frame{Type: codec.TypeJobPart, Payload: codec.AppendJobPart(nil, codec.JobPart{Seq: 9, Attempt: 1, Data: []byte("abc")})}
	last := codec.Frame{Type: codec.TypeJobPart, Payload: codec.AppendJobPart(nil, codec.JobPart{Seq: 9, Attempt: 1, Last: true, Data: []byte("d\n")})}
	ack := codec.Frame{Type: codec.TypeAck, Payload: codec.AppendAck(nil, codec.Ack{Credit: 100, Spans: []codec.Span{span}})}
	revoke := codec.Frame{Type: codec.TypeRevoke, Payload: codec.AppendRevoke(nil, codec.Revoke{Count: 2})}
	cancel := codec.Frame{Type: codec.TypeCancel, Payload: codec.AppendCancel(nil, codec.Cancel{Spans: []codec.Span{span}})}
	ping := codec.Frame{Type: codec.TypePing, Payload: []byte("12345678")}
	for state := range byte(12) {
		f.Add(state, frames(jobs, part, ping, last, ack, cancel, revoke))
		f.Add(state, frames(part, jobs))
		f.Add(state, frames(jobs, jobs, revoke, revoke, codec.Frame{Type: codec.TypeOver, Payload: []byte{1}}))
	}
	f.Add(byte(0), []byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, state byte, data []byte) {
		l := welcomed(t, func(w *codec.Welcome) { w.MaxJob = 100 }, data...)
		if cuts := uint64(state >> 2); cuts > 0 {
			l.conn.(*tape).cuts = rand.New(rand.NewPCG(cuts, 0))
		}
		l.retired, l.paused = state&1 != 0, int(state>>1&1)
		l.running[0] = running{seq: 3, cancel: func() {}}
		l.results.put(&result{seq: 2, attempt: 1})
		l.read()
		if !errors.Is(l.err, ErrLost) {
			t.Fatalf("it ends with %v", l.err)
		}
		l.queue.audit(t, l.welcome.Delim)
		if n := len(l.control); n > maxControl+codec.MaxFrame {
			t.Fatalf("%d bytes of answers wait", n)
		}
		if l.rec != nil && len(l.rec.data) > 101 {
			t.Fatalf("%d bytes of a record are kept, at most 100 are allowed", len(l.rec.data))
		}
		if rest, _ := io.ReadAll(l.conn); len(rest) > 0 && !bytes.Contains([]byte(l.err.Error()), []byte("protocol")) {
			t.Fatalf("it stops %d bytes early: %v", len(rest), l.err)
		}
	})
}
