package server

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/output"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/socket"
	"github.com/jobpipe/jobpipe/engine/split"
)

// patience is longer than anything takes, even if the machine stands still for a while.
const patience = 2 * time.Minute

// rig is a server on the loop, with a stdin that tests fill and what it writes.
type rig struct {
	*Server
	t      *testing.T
	items  chan split.Item
	writer *output.Writer
	next   uint64
	stdout *os.File // read end
	stderr *os.File // read end
	joblog *os.File
	ends   []*os.File

	mu  sync.Mutex
	log []string
}

func start(t *testing.T, mod func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, items: make(chan split.Item, 1000), next: 1}
	var out, errs *os.File
	r.stdout, out = pipe(t)
	r.stderr, errs = pipe(t)
	r.ends = []*os.File{out, errs}
	var err error
	if r.joblog, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.joblog.Close() })
	r.writer, err = output.New(output.Options{Stdout: out, Stderr: errs, Joblog: r.joblog, Delim: '\n', Doorbell: func() { r.Kick() }})
	if err != nil {
		t.Fatal(err)
	}
	conf := Config{
		Began:     time.Now(),
		Schedule:  schedule.Config{Delim: '\n', MaxLost: 3},
		DeadAfter: patience,
		Compress:  "none",
		MaxJob:    64 << 20,
		Window:    64 << 20,
		Items:     r.items,
		Pool:      batch.NewPool(16 << 20),
		Stage:     order.New(false, '\n', 64<<20),
		Writer:    r.writer,
		Waits:     "nowhere",
		Log:       r.speak(message.Usual),
	}
	if mod != nil {
		mod(&conf)
	}
	if conf.Log == nil {
		conf.Log = r.speak(message.Verbose)
	}
	if r.Server, err = New(conf); err != nil {
		t.Fatal(err)
	}
	r.bye = 20 * time.Millisecond // fakes do not say goodbye
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Stop(Halt)
		r.isOver()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		for _, f := range r.ends {
			f.Close()
		}
	})
	return r
}

// verbose is for tests that want to see structured lines.
func verbose(c *Config) { c.Log = nil }

// speak makes a log of which said sees what is written.
func (r *rig) speak(how message.How) *message.Log {
	return message.New("jobpipe", how, func(line []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.log = append(r.log, string(line))
	})
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, w
}

// jobs gives the server the records in text, each with its newline.
func (r *rig) jobs(text string) {
	n := strings.Count(text, "\n")
	r.items <- split.Item{Range: batch.Range{Seq: r.next, Count: n, Data: []byte(text)}}
	r.next += uint64(n)
	r.Kick()
}

// noMore ends the input.
func (r *rig) noMore() {
	close(r.items)
	r.Kick()
}

func (r *rig) isOver() {
	r.t.Helper()
	select {
	case <-r.Over():
	case <-time.After(patience):
		r.t.Error("the run does not end")
	}
}

// written ends the run and returns all that went to stdout and stderr.
func (r *rig) written() (stdout, stderr string) {
	r.t.Helper()
	r.isOver()
	if err := r.writer.Close(); err != nil {
		r.t.Fatal(err)
	}
	for _, f := range r.ends {
		f.Close()
	}
	r.ends = nil
	out, _ := io.ReadAll(r.stdout)
	errs, _ := io.ReadAll(r.stderr)
	return string(out), string(errs)
}

// joblogLines is what the joblog holds when the run has been written.
func (r *rig) joblogLines() (lines []string) {
	r.t.Helper()
	b, err := os.ReadFile(r.joblog.Name())
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

// said waits for a message that holds text.
func (r *rig) said(text string) {
	r.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		r.mu.Lock()
		all := strings.Join(r.log, "\n")
		r.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
	}
	r.t.Fatalf("the messages are %q, want %q", r.log, text)
}

// eventually waits until something is true.
func (r *rig) eventually(is func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if is() {
			return
		}
	}
	r.t.Fatal("it does not come true")
}

// fake is a worker that does what the test says.
type fake struct {
	net.Conn
	t       *testing.T
	enc     *codec.Encoder
	dec     *codec.Decoder
	buf     []byte
	welcome codec.Welcome
	left    chan struct{}
}

// worker joins a worker. It has been welcomed when this returns.
func (r *rig) worker(name string, slots int) *fake {
	r.t.Helper()
	return r.connect(codec.Hello{Slots: uint32(slots), Name: name})
}

// connect is worker with whatever the hello says.
func (r *rig) connect(h codec.Hello) *fake {
	r.t.Helper()
	near, far, err := socket.Pair()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { far.Close() })
	far.SetDeadline(time.Now().Add(patience))
	s := codec.NewScratch()
	f := &fake{Conn: far, t: r.t, enc: codec.NewEncoder(s), dec: codec.NewDecoder(s), left: make(chan struct{})}
	h.MinVersion, h.MaxVersion = 1, 1
	f.send(codec.TypeHello, codec.AppendHello(nil, h))
	p, err := accept.Private(near)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Enroll(near, p, func() { close(f.left) })
	if f.welcome, err = codec.ParseWelcome(f.get(codec.TypeWelcome)); err != nil {
		r.t.Fatal(err)
	}
	return f
}

func (f *fake) send(t codec.Type, payload []byte) {
	f.t.Helper()
	if _, err := f.Write(f.enc.Append(nil, t, payload)); err != nil {
		f.t.Fatal(err)
	}
}

// get returns the payload of the next frame of type t. It answers pings and
// passes over all else.
func (f *fake) get(t codec.Type) []byte {
	f.t.Helper()
	for {
		frame, ok := f.frame()
		if !ok {
			f.t.Fatalf("the connection ended before a frame of type %d came", t)
		}
		if frame.Type == codec.TypePing {
			f.send(codec.TypePong, frame.Payload)
		}
		if frame.Type == t {
			return frame.Payload
		}
	}
}

func (f *fake) frame() (codec.Frame, bool) {
	f.t.Helper()
	for {
		frame, n, err := f.dec.Next(f.buf)
		if err != nil {
			f.t.Fatal(err)
		}
		if n > 0 {
			f.buf = f.buf[n:]
			return frame, true
		}
		b := make([]byte, 1<<16)
		n, err = f.Read(b)
		if n == 0 && err != nil {
			return codec.Frame{}, false
		}
		f.buf = append(f.buf, b[:n]...)
	}
}

// job waits for the next jobs.
func (f *fake) job() codec.Jobs {
	f.t.Helper()
	m, err := codec.ParseJobs(f.get(codec.TypeJobs))
	if err != nil {
		f.t.Fatal(err)
	}
	m.Records = append([]byte(nil), m.Records...)
	return m
}

// answer sends a result.
func (f *fake) answer(r codec.Result) {
	f.t.Helper()
	if r.Attempt == 0 {
		r.Attempt = 1
	}
	f.send(codec.TypeResults, codec.AppendResult(nil, r))
}

// gone waits for the server to hang up.
func (f *fake) gone() {
	f.t.Helper()
	for {
		if _, ok := f.frame(); !ok {
			break
		}
	}
	select {
	case <-f.left:
	case <-time.After(patience):
		f.t.Error("the server has not forgotten the worker")
	}
}
