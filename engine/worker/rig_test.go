package worker

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
	"github.com/jobpipe/jobpipe/engine/message"
)

// patience is for what must happen, even if the machine stands still for a while.
// Only a broken test waits so long.
const patience = 2 * time.Minute

// A coordinator is played by the test at the other end of a connection. It
// watches that the worker never has more bytes of results under way than it has
// credit for.
type coordinator struct {
	t    *testing.T
	conn net.Conn
	enc  *codec.Encoder
	dec  *codec.Decoder
	buf  []byte

	stingy  bool // credit does not return by itself
	window  int  // bytes of results that may be under way
	used    int  // bytes that are
	most    int  // the most that were
	parts   map[uint64]*output
	outputs []output // results that have come whole

	ended  chan error         // what Serve returned
	drain  func()             // tells the worker to leave
	cancel context.CancelFunc // of Serve
	logged *log
}

// An output is a result with all its parts.
type output struct {
	codec.Result
	pieces int // parts that it came in, without the last
}

// A log keeps what the worker says to its user.
type log struct {
	mu    sync.Mutex
	lines []string
}

// log writes to l.
func (l *log) log() *message.Log {
	return message.New("worker", message.Usual, func(line []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, string(line))
	})
}

func (l *log) has(text string) bool { return l.count(text) > 0 }

// count returns how many lines have text.
func (l *log) count(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// logTo is a log that tells the test.
func logTo(t testing.TB) *message.Log {
	return message.New("worker", message.Verbose, func(line []byte) { t.Logf("%s", line) })
}

// config is for a worker of one slot that runs argv.
func config(t *testing.T, argv ...string) Config {
	t.Helper()
	c, err := command.New(argv, command.Options{Worker: "here", KillAfter: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return Config{Name: "here", Slots: 1, Compress: "none", Command: c, Log: logTo(t)}
}

// sh is config for a line of shell.
func sh(t *testing.T, line string) Config { return config(t, "sh", "-c", line) }

// play makes a coordinator of the near end of a connection.
func play(t *testing.T, conn net.Conn) *coordinator {
	scratch := codec.NewScratch()
	t.Cleanup(func() { conn.Close() })
	return &coordinator{
		t: t, conn: conn, enc: codec.NewEncoder(scratch), dec: codec.NewDecoder(scratch),
		parts: map[uint64]*output{},
	}
}

// meet has Serve work on a connection, and takes its hello.
func meet(t *testing.T, cfg Config) (*coordinator, codec.Hello) {
	t.Helper()
	near, far := net.Pipe()
	c := play(t, near)
	c.ended = make(chan error, 1)
	c.logged = &log{}
	cfg.Log = c.logged.log()
	drain := make(chan struct{})
	cfg.Drain = drain
	c.drain = sync.OnceFunc(func() { close(drain) })
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c.ended <- Serve(ctx, far, cfg)
	}()
	t.Cleanup(func() {
		near.Close()
		cancel()
		<-gone
	})
	return c, c.hello()
}

func (c *coordinator) hello() codec.Hello {
	c.t.Helper()
	h, err := codec.ParseHello(c.expect(codec.TypeHello))
	if err != nil {
		c.t.Fatal(err)
	}
	return h
}

// usual is what most tests welcome a worker with.
func usual() codec.Welcome {
	return codec.Welcome{
		Version: codec.MaxVersion, Run: [16]byte{0xab, 15: 0xcd}, Delim: '\n',
		DeadAfter: time.Hour, Credit: 1 << 20, MaxJob: 1 << 20,
	}
}

// begin has Serve work on a connection, and welcomes it.
func begin(t *testing.T, cfg Config, change ...func(*codec.Welcome)) *coordinator {
	t.Helper()
	c, _ := meet(t, cfg)
	w := usual()
	for _, f := range change {
		f(&w)
	}
	c.welcome(w)
	return c
}

func (c *coordinator) welcome(w codec.Welcome) {
	c.t.Helper()
	c.window = int(w.Credit)
	c.enc.SetCompression(w.Compression)
	c.send(codec.TypeWelcome, codec.AppendWelcome(nil, w))
}

func (c *coordinator) send(t codec.Type, payload []byte) {
	c.t.Helper()
	if err := c.trySend(t, payload); err != nil {
		c.t.Fatalf("sending a %v: %v", t, err)
	}
}

func (c *coordinator) trySend(t codec.Type, payload []byte) error {
	return c.write(c.enc.Append(nil, t, payload))
}

func (c *coordinator) write(b []byte) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := c.conn.Write(b)
	return err
}

// jobs sends records as one lease, each with a newline.
func (c *coordinator) jobs(seq, attempt uint64, records ...string) {
	c.t.Helper()
	c.send(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{
		Seq: seq, Count: uint64(len(records)), Attempt: attempt,
		Records: []byte(strings.Join(records, "\n") + "\n"),
	}))
}

func (c *coordinator) jobPart(seq, attempt uint64, data string, last bool) {
	c.t.Helper()
	c.send(codec.TypeJobPart, codec.AppendJobPart(nil, codec.JobPart{Seq: seq, Attempt: attempt, Last: last, Data: []byte(data)}))
}

// ack returns credit and tells that jobs are safe.
func (c *coordinator) ack(credit int, seqs ...uint64) {
	c.t.Helper()
	m := codec.Ack{Credit: uint64(credit)}
	for _, seq := range seqs {
		m.Spans = append(m.Spans, codec.Span{Seq: seq, Count: 1})
	}
	c.used -= credit
	c.send(codec.TypeAck, codec.AppendAck(nil, m))
}

func (c *coordinator) revoke(n uint64) {
	c.t.Helper()
	c.send(codec.TypeRevoke, codec.AppendRevoke(nil, codec.Revoke{Count: n}))
}

func (c *coordinator) cancelJobs(spans ...codec.Span) {
	c.t.Helper()
	c.send(codec.TypeCancel, codec.AppendCancel(nil, codec.Cancel{Spans: spans}))
}

func (c *coordinator) over(how uint8) {
	c.t.Helper()
	c.send(codec.TypeOver, codec.AppendOver(nil, codec.Over{How: how}))
}

// frame takes the next frame, whatever it is.
func (c *coordinator) frame() codec.Frame {
	c.t.Helper()
	for {
		f, n, err := c.dec.Next(c.buf)
		if err != nil {
			c.t.Fatalf("the worker does not keep to the protocol: %v", err)
		}
		if n > 0 {
			c.buf = c.buf[n:]
			f.Payload = bytes.Clone(f.Payload)
			return f
		}
		b := make([]byte, 64<<10)
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		n, err = c.conn.Read(b)
		if c.buf = append(c.buf, b[:n]...); err != nil && n == 0 {
			c.t.Fatalf("waiting for a frame: %v", err)
		}
	}
}

// next takes the next frame that is not a Ping, which it answers, and keeps
// account of results.
func (c *coordinator) next() codec.Frame {
	c.t.Helper()
	f := c.frame()
	for f.Type == codec.TypePing {
		c.send(codec.TypePong, f.Payload)
		f = c.frame()
	}
	before := c.used
	switch f.Type {
	case codec.TypeResults:
		for rest := f.Payload; len(rest) > 0; {
			var r codec.Result
			var err error
			if r, rest, err = codec.NextResult(rest); err != nil {
				c.t.Fatal(err)
			}
			c.whole(r)
		}
	case codec.TypeResultPart:
		p, err := codec.ParseResultPart(f.Payload)
		if err != nil {
			c.t.Fatal(err)
		}
		c.part(p)
	}
	if c.most = max(c.most, c.used); c.used > c.window {
		c.t.Fatalf("%d bytes of results are under way, the credit is %d", c.used, c.window)
	}
	if n := c.used - before; n > 0 && !c.stingy {
		c.ack(n)
	}
	return f
}

func (c *coordinator) part(p codec.ResultPart) {
	o := c.parts[p.Seq]
	if o == nil {
		o = &output{Result: codec.Result{Seq: p.Seq, Attempt: p.Attempt}}
		c.parts[p.Seq] = o
	}
	if o.Attempt != p.Attempt || len(p.Data) == 0 {
		c.t.Fatalf("a part of job %d of %d bytes, attempt %d after attempt %d", p.Seq, len(p.Data), p.Attempt, o.Attempt)
	}
	o.pieces++
	if p.Stream == 1 {
		o.Stdout = append(o.Stdout, p.Data...)
	} else {
		o.Stderr = append(o.Stderr, p.Data...)
	}
	c.used += len(p.Data)
}

func (c *coordinator) whole(r codec.Result) {
	c.used += len(r.Stdout) + len(r.Stderr)
	o := output{Result: r}
	if p := c.parts[r.Seq]; p != nil {
		o.pieces = p.pieces
		o.Stdout = append(p.Stdout, r.Stdout...)
		o.Stderr = append(p.Stderr, r.Stderr...)
		delete(c.parts, r.Seq)
	}
	c.outputs = append(c.outputs, o)
}

// result takes the next result, with all its parts.
func (c *coordinator) result() output {
	c.t.Helper()
	for len(c.outputs) == 0 {
		if f := c.next(); f.Type != codec.TypeResults && f.Type != codec.TypeResultPart {
			c.t.Fatalf("a %v instead of a result", f.Type)
		}
	}
	o := c.outputs[0]
	c.outputs = c.outputs[1:]
	return o
}

// expect takes the next frame, which must be of this type.
func (c *coordinator) expect(want codec.Type) []byte {
	c.t.Helper()
	f := c.next()
	if f.Type != want {
		c.t.Fatalf("a %v (%.60q) instead of a %v", f.Type, f.Payload, want)
	}
	return f.Payload
}

// gaveBack takes a GiveBack, told as "1-3 7".
func (c *coordinator) gaveBack(want string) {
	c.t.Helper()
	m, err := codec.ParseGiveBack(c.expect(codec.TypeGiveBack))
	if err != nil {
		c.t.Fatal(err)
	}
	var got []string
	for _, s := range m.Spans {
		if s.Count == 1 {
			got = append(got, fmt.Sprint(s.Seq))
		} else {
			got = append(got, fmt.Sprintf("%d-%d", s.Seq, s.Seq+s.Count-1))
		}
	}
	if text := strings.Join(got, " "); text != want {
		c.t.Fatalf("given back: %q, want %q", text, want)
	}
}

func (c *coordinator) slots(want uint32) {
	c.t.Helper()
	m, err := codec.ParseSlots(c.expect(codec.TypeSlots))
	if err != nil || m.Slots != want {
		c.t.Fatalf("slots %d (%v), want %d", m.Slots, err, want)
	}
}

// goodbye takes the worker's last frame, and closes the connection.
func (c *coordinator) goodbye(reason uint8) (sentence string) {
	c.t.Helper()
	m, err := codec.ParseGoodbye(c.expect(codec.TypeGoodbye))
	if err != nil || m.Reason != reason {
		c.t.Fatalf("goodbye for reason %d (%v), want %d", m.Reason, err, reason)
	}
	c.conn.Close()
	return m.Sentence
}

// end waits for Serve to return.
func (c *coordinator) end() error {
	c.t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(patience):
		c.t.Fatal("Serve does not return")
		return nil
	}
}

// echo asks the worker to answer, and with that knows that it has read all that
// was sent before. No result may be due.
func (c *coordinator) echo() {
	c.t.Helper()
	c.send(codec.TypePing, []byte("12345678"))
	if got := c.expect(codec.TypePong); string(got) != "12345678" {
		c.t.Fatalf("a Ping is answered with %q", got)
	}
}
