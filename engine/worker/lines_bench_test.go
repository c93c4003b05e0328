package worker

import (
	"bytes"
	"context"
	"net"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// socketPair is what a coordinator and its own worker speak over.
func socketPair(tb testing.TB) (near, far net.Conn) {
	tb.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		tb.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socketpair")
		if ends[i], err = net.FileConn(f); err != nil {
			tb.Fatal(err)
		}
		f.Close()
		tb.Cleanup(func() { ends[i].Close() })
	}
	return ends[0], ends[1]
}

// BenchmarkLines has two slots of cat answer short lines, 64 KiB an operation.
// The coordinator does next to nothing, so this is what a worker can do.
func BenchmarkLines(b *testing.B) {
	var frame []byte
	const count = 7000
	for i := range count {
		frame = strconv.AppendInt(frame, int64(10_000_000+i), 10)
		frame = append(frame, '\n')
	}
	benchmarkLines(b, frame, count)
}

// BenchmarkLongLines is the same with lines of 32 KiB.
func BenchmarkLongLines(b *testing.B) {
	line := append(bytes.Repeat([]byte{'x'}, 32<<10-1), '\n')
	benchmarkLines(b, append(line, line[1024:]...), 2)
}

// BenchmarkOneLine is the way of one job, there and back.
func BenchmarkOneLine(b *testing.B) {
	c := newTreadmill(b, 1)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		c.jobs(uint64(i+1), 1, []byte("12345678\n"))
		for c.answered < i+1 {
			c.answers()
		}
	}
}

func benchmarkLines(b *testing.B, frame []byte, count int) {
	c := newTreadmill(b, 2)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	b.ResetTimer()
	const ahead = 40 // frames
	for sent := 0; c.answered < b.N*count; {
		for sent < b.N && sent*count-c.answered < ahead*count {
			c.jobs(uint64(sent*count+1), count, frame)
			sent++
		}
		c.answers()
	}
	b.ReportMetric(float64(b.N*count)/b.Elapsed().Seconds()/1e6, "Mlines/s")
}

// A treadmill is a coordinator that gives jobs and acknowledges answers.
type treadmill struct {
	b        *testing.B
	conn     net.Conn
	enc      *codec.Encoder
	dec      *codec.Decoder
	out      []byte
	in, base []byte
	head     []byte
	acks     codec.Ack
	answered int
}

func newTreadmill(b *testing.B, slots int) *treadmill {
	b.Helper()
	near, far := socketPair(b)
	c, err := command.New([]string{"cat"}, command.Options{})
	if err != nil {
		b.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = Serve(context.Background(), far, Config{Name: "here", Slots: slots, Lines: true, Compress: "none", Command: c, Log: logTo(b)})
	}()
	b.Cleanup(func() {
		near.Close()
		<-gone
		c.Close()
	})
	scratch := codec.NewScratch()
	m := &treadmill{b: b, conn: near, enc: codec.NewEncoder(scratch), dec: codec.NewDecoder(scratch), base: make([]byte, 256<<10)}
	m.in = m.base[:0]
	if f := m.frame(); f.Type != codec.TypeHello {
		b.Fatal(f.Type)
	}
	w := usual()
	w.Credit = 4 << 20
	m.out = m.enc.Append(m.out, codec.TypeWelcome, codec.AppendWelcome(nil, w))
	m.flush()
	return m
}

func (m *treadmill) frame() codec.Frame {
	for {
		f, n, err := m.dec.Next(m.in)
		if err != nil {
			m.b.Fatal(err)
		}
		if n > 0 {
			m.in = m.in[n:]
			return f
		}
		if cap(m.in)-len(m.in) < codec.MaxFrame+codec.HeaderLen {
			m.in = m.base[:copy(m.base, m.in)]
		}
		n, err = m.conn.Read(m.in[len(m.in):cap(m.in)])
		if err != nil {
			m.b.Fatal(err)
		}
		m.in = m.in[:len(m.in)+n]
	}
}

func (m *treadmill) jobs(seq uint64, count int, records []byte) {
	m.head = codec.AppendJobs(m.head[:0], codec.Jobs{Seq: seq, Count: uint64(count), Attempt: 1})
	m.out = m.enc.Append(m.out, codec.TypeJobs, m.head, records)
	if len(m.out) > 256<<10 {
		m.flush()
	}
}

func (m *treadmill) flush() {
	if _, err := m.conn.Write(m.out); err != nil {
		m.b.Fatal(err)
	}
	m.out = m.out[:0]
}

// answers waits for a frame of them, and takes those that are there.
func (m *treadmill) answers() {
	if len(m.out) > 0 {
		m.flush()
	}
	for more := true; more; {
		f := m.frame()
		if f.Type != codec.TypeAnswers {
			m.b.Fatal(f.Type)
		}
		a, err := codec.ParseAnswers(f.Payload)
		if err != nil {
			m.b.Fatal(err)
		}
		if bytes.Count(a.Lines, []byte{'\n'}) != int(a.Count) {
			m.b.Fatal("these are not so many lines")
		}
		m.answered += int(a.Count)
		m.acks.Credit += uint64(len(a.Lines))
		m.acks.Spans = append(m.acks.Spans, codec.Span{Seq: a.Seq, Count: a.Count})
		_, n, _ := m.dec.Next(m.in)
		more = n > 0
	}
	m.head = codec.AppendAck(m.head[:0], m.acks)
	m.acks.Credit, m.acks.Spans = 0, m.acks.Spans[:0]
	m.out = m.enc.Append(m.out, codec.TypeAck, m.head)
}
