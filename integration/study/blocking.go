package main

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/trace"
)

// serve is the study's blocking server: it accepts the workers, and then serves
// one at a time, in turn. While it waits for the result of one, the others wait
// for it.
func serve(l net.Listener, workers int, jobs []string, results io.Writer, t *tracer) error {
	var list []*served
	for range workers {
		w, err := accept(l)
		if err != nil {
			return err
		}
		defer w.conn.Close()
		t.Join(uint64(len(list)+1), w.name, 1)
		list = append(list, w)
	}
	t.Read(t.now(), 1, len(jobs))
	for turn, answered := 0, 0; answered < len(jobs); turn++ {
		w, id := list[turn%workers], uint64(turn%workers+1)
		if w.seq > 0 {
			a, err := w.receive()
			if err != nil {
				return err
			}
			t.Answered(t.now(), id, trace.Answer{Seq: a.Seq, Count: 1, Start: a.Start, Took: a.Took, Outcome: "ok"})
			if _, err := results.Write(a.Lines); err != nil {
				return err
			}
			answered++
			t.Written(t.now(), a.Seq, 1)
		}
		w.seq = 0
		if turn < len(jobs) {
			t.Sent(t.now(), id, uint64(turn+1), 1, 1)
			if err := w.send(uint64(turn+1), jobs[turn]); err != nil {
				return err
			}
		}
	}
	for _, w := range list {
		w.over()
	}
	t.End(t.now())
	return nil
}

// A served is one worker.
type served struct {
	conn net.Conn
	name string
	out  *codec.Encoder
	in   *codec.Decoder
	buf  []byte
	say  []byte // goes with the next job
	seq  uint64 // the job that it has; 0: none
}

// accept lets one worker in.
func accept(l net.Listener) (*served, error) {
	conn, err := l.Accept()
	if err != nil {
		return nil, err
	}
	opening := make([]byte, codec.PrefixLen)
	if _, err := io.ReadFull(conn, opening); err != nil {
		return nil, err
	}
	reply, _, err := codec.Respond(nil, true, opening)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(reply); err != nil {
		return nil, err
	}
	w := &served{conn: conn, out: codec.NewEncoder(codec.NewScratch()), in: codec.NewDecoder(codec.NewScratch())}
	f, err := w.next()
	if err != nil {
		return nil, err
	}
	hello, err := codec.ParseHello(f.Payload)
	if err != nil {
		return nil, err
	}
	w.name = hello.Name
	welcome := w.out.Append(nil, codec.TypeWelcome, codec.AppendWelcome(nil, codec.Welcome{
		Version: codec.MaxVersion, Delim: '\n', DeadAfter: time.Minute, Credit: 1 << 20, MaxJob: 1 << 20,
	}))
	_, err = conn.Write(welcome)
	return w, err
}

// receive waits for a result.
func (w *served) receive() (codec.Answers, error) {
	for {
		f, err := w.next()
		if err != nil {
			return codec.Answers{}, err
		}
		switch f.Type {
		case codec.TypePing:
			w.say = w.out.Append(w.say, codec.TypePong, f.Payload)
		case codec.TypeAnswers:
			a, err := codec.ParseAnswers(f.Payload)
			if err == nil && (a.Seq != w.seq || a.Count != 1) {
				err = fmt.Errorf("worker %s answered job %d instead of %d", w.name, a.Seq, w.seq)
			}
			w.say = w.out.Append(w.say, codec.TypeAck, codec.AppendAck(nil, codec.Ack{
				Credit: uint64(len(a.Lines)), Spans: []codec.Span{{Seq: a.Seq, Count: a.Count}},
			}))
			return a, err
		case codec.TypeSlots:
		default:
			return codec.Answers{}, fmt.Errorf("worker %s sent a %v", w.name, f.Type)
		}
	}
}

// send hands out a job.
func (w *served) send(seq uint64, job string) error {
	w.seq = seq
	head := codec.AppendJobs(nil, codec.Jobs{Seq: seq, Count: 1, Attempt: 1})
	w.say = w.out.Append(w.say, codec.TypeJobs, head, []byte(job))
	_, err := w.conn.Write(w.say)
	w.say = w.say[:0]
	return err
}

// over tells the worker that the run is over, and waits for it to go.
func (w *served) over() {
	_, _ = w.conn.Write(w.out.Append(w.say, codec.TypeOver, codec.AppendOver(nil, codec.Over{How: codec.OverDone})))
	for {
		if f, err := w.next(); err != nil || f.Type == codec.TypeGoodbye {
			return
		}
	}
}

// next waits for a frame.
func (w *served) next() (codec.Frame, error) {
	for {
		f, n, err := w.in.Next(w.buf)
		if err != nil || n > 0 {
			w.buf = w.buf[n:]
			return f, err
		}
		more := make([]byte, 4<<10)
		n, err = w.conn.Read(more)
		if err != nil {
			return f, err
		}
		w.buf = append(w.buf, more[:n]...)
	}
}

// A tracer is a recorder with a clock.
type tracer struct {
	*trace.Recorder
	began time.Time
}

func newTracer(out io.Writer) *tracer {
	began := time.Now()
	return &tracer{trace.NewRecorder(out, began), began}
}

func (t *tracer) now() time.Duration { return time.Since(t.began) }
