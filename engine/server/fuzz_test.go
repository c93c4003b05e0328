package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/output"
	"github.com/jobpipe/jobpipe/engine/render"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/split"
)

// A tape is a connection that keeps what is written to it.
type tape struct {
	gnet.Conn
	p   *peer
	buf []byte
	eof bool // it is to be closed
}

func (c *tape) Context() any                    { return c.p }
func (c *tape) OutboundBuffered() int           { return 0 }
func (c *tape) Fd() int                         { return -1 }
func (c *tape) Close() error                    { c.eof = true; return nil }
func (c *tape) Write(b []byte) (int, error)     { c.buf = append(c.buf, b...); return len(b), nil }
func (c *tape) Writev(bs [][]byte) (int, error) { return c.Write(bytes.Join(bs, nil)) }

// A table is a server without its loop, played by hand.
type table struct {
	*Server
	t      *testing.T
	stdout *os.File
	bell   chan struct{} // the writer has written
}

func newTable(t *testing.T, jobs []byte, format render.Format) *table {
	out, err := os.CreateTemp("", "jobpipe-fuzz")
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(out.Name())
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	bell := make(chan struct{}, 1)
	ring := func() {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
	w, err := output.New(output.Options{Stdout: out, Stderr: null, Delim: '\n', Doorbell: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		out.Close()
		null.Close()
	})
	items := make(chan split.Item, 1)
	items <- split.Item{Range: batch.Range{Seq: 1, Count: bytes.Count(jobs, []byte{'\n'}), Data: bytes.Clone(jobs)}}
	close(items)
	s := &Server{
		Config: Config{
			Schedule:  schedule.Config{Delim: '\n', MaxLost: 100, MaxBytes: recordRoom, Keep: format != render.Text},
			DeadAfter: time.Hour, Compress: "auto", MaxJob: 1 << 20, Window: 0, // each has the least
			Items: items, Pool: batch.NewPool(1 << 20), Stage: order.New(true, '\n', 1<<20), Writer: w,
			Format: format, Log: message.New("jobpipe", message.Verbose, func([]byte) {}),
		},
		start: time.Now(), over: make(chan struct{}), bye: time.Hour, scratch: codec.NewScratch(), peers: map[schedule.WorkerID]*peer{},
	}
	s.sched = schedule.New(s.Schedule)
	s.kicked.Store(true) // nobody is there to be kicked
	return &table{s, t, out, bell}
}

// join lets a worker in.
func (b *table) join(slots uint32) *tape {
	c := &tape{p: &peer{
		Peer: accept.Peer{
			Hello: codec.Hello{Slots: slots, Compressions: 7, Name: "worker"}, Version: 1, Local: true,
			Enc: codec.NewEncoder(b.scratch), Dec: codec.NewDecoder(b.scratch),
		},
		left: func() {},
	}}
	b.OnOpen(c)
	b.turn()
	return c
}

// hear gives the server bytes of a worker, and closes the connection if it wants
// to. Unlike receive it lets panics through.
func (b *table) hear(c *tape, data []byte) (open bool) {
	if err := b.frames(c.p, data); err != nil || c.eof {
		b.leave(c)
		return false
	}
	b.sane(c.p)
	b.turn()
	return !c.eof
}

func (b *table) leave(c *tape) {
	b.OnClose(c, io.EOF)
	b.turn()
}

// sane counts again what the server keeps account of for a peer.
func (b *table) sane(p *peer) {
	if n := cap(p.partial); n > codec.HeaderLen+codec.MaxFrame {
		b.t.Fatalf("%d bytes of a frame are kept", n)
	}
	for seq, half := range p.parts {
		if held, _ := b.sched.Holds(p.id, seq, int(half.attempt)); !held {
			b.t.Fatalf("parts of job %d are kept, which the worker does not have", seq)
		}
	}
	if p.used < 0 || p.used > p.window {
		b.t.Fatalf("%d bytes of results are under way, in a window of %d", p.used, p.window)
	}
	if p.stray > maxStray {
		b.t.Fatalf("%d answers to jobs of others were taken", p.stray)
	}
}

// honest answers all jobs that c is given with their records, until the run is
// over. It returns the numbers of those, in order.
func (b *table) honest(c *tape) (mine []string) {
	d := codec.NewDecoder(codec.NewScratch())
	late := time.After(patience)
	for b.phase == running {
		var out []byte
		say := func(t codec.Type, payload []byte) { out = codec.NewEncoder(codec.NewScratch()).Append(out, t, payload) }
		for {
			f, n, err := d.Next(c.buf)
			if err != nil {
				b.t.Fatal(err)
			}
			if n == 0 {
				break
			}
			c.buf = c.buf[n:]
			switch f.Type {
			case codec.TypePing:
				say(codec.TypePong, f.Payload)
			case codec.TypeRevoke:
				say(codec.TypeGiveBack, nil)
			case codec.TypeJobs:
				m, err := codec.ParseJobs(f.Payload)
				if err != nil {
					b.t.Fatal(err)
				}
				mine = append(mine, strings.Fields(strings.ReplaceAll(string(m.Records), "job ", ""))...)
				say(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: m.Seq, Count: m.Count, Lines: m.Records}))
			}
		}
		if !b.hear(c, out) && b.phase == running {
			b.t.Fatal("a decent worker is cut off")
		}
		if b.phase != running || len(out) > 0 {
			continue
		}
		select {
		case <-b.bell:
			b.turn()
		case <-late:
			b.t.Fatal("the run does not end")
		}
	}
	slices.SortFunc(mine, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return mine
}

const fuzzJobs = 20

// FuzzWorker is a worker that says anything, in pieces of any size, beside one
// that does its work. What it holds goes to the other when it is cut off. Each job
// has one result: its own, unless the bad worker held it and lied. In any format it is
// well formed.
func FuzzWorker(f *testing.F) {
	frames := func(list ...codec.Frame) (b []byte) {
		e := codec.NewEncoder(codec.NewScratch())
		for _, f := range list {
			b = e.Append(b, f.Type, f.Payload)
		}
		return b
	}
	result := func(seq, attempt, code uint64, stdout string) codec.Frame {
		return codec.Frame{Type: codec.TypeResults, Payload: codec.AppendResult(nil, codec.Result{Seq: seq, Attempt: attempt, Code: code, Stdout: []byte(stdout), Stderr: []byte("e\n")})}
	}
	part := func(seq uint64, stream uint8, data string) codec.Frame {
		return codec.Frame{Type: codec.TypeResultPart, Payload: codec.AppendResultPart(nil, codec.ResultPart{Seq: seq, Attempt: 1, Stream: stream, Data: []byte(data)})}
	}
	back := func(seq, count uint64) codec.Frame {
		return codec.Frame{Type: codec.TypeGiveBack, Payload: codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: seq, Count: count}}})}
	}
	answers := codec.Frame{Type: codec.TypeAnswers, Payload: codec.AppendAnswers(nil, codec.Answers{Seq: 3, Count: 2, Lines: []byte("x\ny\n")})}
	slots := codec.Frame{Type: codec.TypeSlots, Payload: codec.AppendSlots(nil, codec.Slots{Slots: 3})}
	ping := codec.Frame{Type: codec.TypePing, Payload: []byte("12345678")}
	bye := codec.Frame{Type: codec.TypeGoodbye, Payload: codec.AppendGoodbye(nil, codec.Goodbye{Sentence: "so long"})}
	packed := codec.NewEncoder(codec.NewScratch())
	packed.SetCompression(codec.S2)
	large := codec.AppendResultPart(nil, codec.ResultPart{Seq: 1, Attempt: 1, Stream: 1, Data: make([]byte, 50_000)})
	flood := packed.Append(packed.Append(nil, codec.TypeResultPart, large), codec.TypeResultPart, large)
	for cuts := range uint64(9) {
		f.Add(cuts, flood)
		f.Add(cuts, frames(part(1, 1, "begun "), back(1, 2)))
		f.Add(cuts, frames(part(1<<40, 1, "of nothing"), part(9, 2, "of another's")))
		f.Add(cuts, frames(result(1, 1, 0, "one\n"), result(2, 1, 1, ""), answers, bye))
		f.Add(cuts, frames(part(1, 1, "begun "), part(1, 2, "oh\n"), ping, result(1, 1, 0, "and ended\n"), part(2, 1, "half")))
		f.Add(cuts, frames(part(1, 1, "begun "), back(1, 2), result(1, 1, 0, "late\n"), slots, result(1, 2, 0, "again\n")))
		f.Add(cuts, frames(result(1, 1, 0, "one\n"), result(1, 1, 0, "twice\n"), back(1, 1)))
		f.Add(cuts, frames(back(1, 1<<60), back(1<<63, 1<<63-1)))
		f.Add(cuts, []byte{0xff, 0xff, 0xff, 0xff, 0})
	}
	f.Fuzz(func(t *testing.T, cuts uint64, data []byte) {
		var jobs []byte
		for n := range fuzzJobs {
			jobs = fmt.Appendf(jobs, "job %d\n", n+1)
		}
		format := render.Format(cuts / 3 % 3)
		b := newTable(t, jobs, format)
		bad, good := b.join(8), b.join(16)
		open := !bad.eof
		for r := rand.New(rand.NewPCG(cuts, 0)); open && len(data) > 0; {
			n := len(data)
			if cuts%3 > 0 {
				n = 1 + r.IntN(n)
			}
			open = b.hear(bad, bytes.Clone(data[:n]))
			data = data[n:]
		}
		if open {
			b.leave(bad)
		}
		if n := len(bad.p.parts) + len(bad.p.waiting); n > 0 {
			t.Fatalf("%d things are kept for a worker that is gone", n)
		}
		mine := b.honest(good)
		if done, held := b.Counts.Done.Load(), b.sched.Leased(); done != fuzzJobs || held != 0 || !b.Stage.Empty() {
			t.Fatalf("%d jobs are done, %d are still held, and all is written: %v", done, held, b.Stage.Empty())
		}
		if err := b.Writer.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(b.stdout, 0, 1<<30))
		if err != nil {
			t.Fatal(err)
		}
		if format == render.JSONLines {
			got = stdouts(t, got)
		}
		for _, n := range mine { // in the order of the input, with what the other has made up in between
			want := "job " + n + "\n"
			if format == render.TaggedText {
				want = "job " + n + "\t" + want
			}
			_, rest, ok := bytes.Cut(got, []byte(want))
			if !ok {
				t.Fatalf("the result of job %s is not there, or not in order", n)
			}
			got = rest
		}
	})
}

// stdouts is what the objects in text have as stdout, one after another. There is one
// for each job, in order.
func stdouts(t *testing.T, text []byte) (all []byte) {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		var o struct {
			Seq, Attempts int
			Job           string
			Stdout        string
			Bytes         []byte `json:"stdout_b64"`
		}
		if err := json.Unmarshal(line, &o); err != nil || o.Seq != n || o.Job != fmt.Sprintf("job %d", n) || o.Attempts < 1 {
			t.Fatalf("object %d is %q: %v", n, line, err)
		}
		all = append(append(all, o.Stdout...), o.Bytes...)
	}
	if n != fuzzJobs {
		t.Fatalf("%d objects:\n%s", n, text)
	}
	return all
}
