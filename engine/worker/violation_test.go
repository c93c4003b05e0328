package worker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

// Each thing that no coordinator does ends the connection, and nothing else.
func TestViolations(t *testing.T) {
	raw := func(b ...byte) func(*coordinator) { return func(c *coordinator) { _ = c.write(b) } }
	frame := func(typ codec.Type, payload ...byte) func(*coordinator) {
		return func(c *coordinator) { _ = c.trySend(typ, payload) }
	}
	ack := func(credit uint64) func(*coordinator) {
		return frame(codec.TypeAck, binary.AppendUvarint(nil, credit)...)
	}
	jobs := func(m codec.Jobs) func(*coordinator) { return frame(codec.TypeJobs, codec.AppendJobs(nil, m)...) }
	part := func(m codec.JobPart) func(*coordinator) {
		return frame(codec.TypeJobPart, codec.AppendJobPart(nil, m)...)
	}
	one := codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("a\n")}
	for _, c := range []struct {
		name string
		do   []func(*coordinator)
		want string
	}{
		{"a frame that is too long", do(raw(0xff, 0xff, 0xff, 0xff)), "at most"},
		{"a frame of no known type", do(raw(2, 0, 0, 0, 99, 0)), "unknown"},
		{"a Hello", do(frame(codec.TypeHello)), "never sends"},
		{"a second Welcome", do(frame(codec.TypeWelcome)), "never sends"},
		{"Results", do(frame(codec.TypeResults)), "never sends"},
		{"a Goodbye", do(frame(codec.TypeGoodbye, 0)), "never sends"},

		{"malformed Jobs", do(frame(codec.TypeJobs, 1)), "malformed Jobs"},
		{"fewer records", do(jobs(codec.Jobs{Seq: 1, Count: 3, Attempt: 1, Records: []byte("a\nb\n")})), "3 jobs in 2 records"},
		{"more records", do(jobs(codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("a\nb")})), "1 jobs in 2 records"},
		{"Jobs within a record", do(part(codec.JobPart{Seq: 1, Attempt: 1}), jobs(one)), "in the middle of a record"},

		{"a malformed JobPart", do(frame(codec.TypeJobPart, 1, 1, 7)), "malformed JobPart"},
		{"another job within a record", do(part(codec.JobPart{Seq: 1, Attempt: 1}), part(codec.JobPart{Seq: 2, Attempt: 1})), "part of job 2 in the middle of job 1"},
		{"another attempt within a record", do(part(codec.JobPart{Seq: 1, Attempt: 1}), part(codec.JobPart{Seq: 1, Attempt: 2})), "in the middle of job 1"},
		{"a record that is too large", do(part(codec.JobPart{Seq: 1, Attempt: 1, Data: make([]byte, 12)})), "more than 10 bytes"},
		{"a record that gets too large", do(part(codec.JobPart{Seq: 1, Attempt: 1, Data: make([]byte, 6)}), part(codec.JobPart{Seq: 1, Attempt: 1, Data: make([]byte, 6)})), "more than 10 bytes"},
		{"two records in one", do(part(codec.JobPart{Seq: 1, Attempt: 1, Last: true, Data: []byte("a\nb")})), "more than one record"},
		{"two records in the parts of one", do(part(codec.JobPart{Seq: 1, Attempt: 1, Data: []byte("a\n")}), part(codec.JobPart{Seq: 1, Attempt: 1, Last: true, Data: []byte("b")})), "more than one record"},

		{"a malformed Ack", do(frame(codec.TypeAck)), "malformed Ack"},
		{"too much credit", do(ack(math.MaxInt64/4 + 1)), "credit of"},
		{"too much credit by and by", do(ack(math.MaxInt64/4), ack(math.MaxInt64/4), ack(math.MaxInt64/4)), "credit of"},
		{"a Revoke of nothing", do(frame(codec.TypeRevoke, 0)), "malformed Revoke"},
		{"a malformed Cancel", do(frame(codec.TypeCancel, 1)), "malformed Cancel"},
		{"a malformed Over", do(frame(codec.TypeOver, 2)), "malformed Over"},
		{"a malformed Ping", do(frame(codec.TypePing, 1)), "malformed Ping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := begin(t, config(t, "cat"), func(w *codec.Welcome) { w.MaxJob = 10 })
			for _, f := range c.do {
				f(b)
			}
			err := b.end()
			if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "does not keep to the protocol") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want one with %q", err, c.want)
			}
		})
	}
}

func do(steps ...func(*coordinator)) []func(*coordinator) { return steps }

// A coordinator that asks and asks and never reads costs a bounded amount.
func TestAnswersThatAreNotReadAreBounded(t *testing.T) {
	for name, f := range map[string]codec.Frame{
		"Ping":   {Type: codec.TypePing, Payload: []byte("12345678")},
		"Revoke": {Type: codec.TypeRevoke, Payload: []byte{1}},
		"Jobs":   {Type: codec.TypeJobs, Payload: codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("\n")})},
	} {
		t.Run(name, func(t *testing.T) {
			l := welcomed(t, func(*codec.Welcome) {}, bytes.Repeat(frames(f), 1000)...)
			l.control = make([]byte, maxControl-100)
			l.retired = true // it gives all jobs back
			l.read()
			if n := len(l.control); n > maxControl+100 || !strings.Contains(l.err.Error(), "does not read the answers") {
				t.Errorf("%d bytes of answers wait, and it ends with %v", n, l.err)
			}
		})
	}
}

func TestQueuedJobsAreBounded(t *testing.T) {
	large := codec.Frame{Type: codec.TypeJobs, Payload: codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: make([]byte, 60_000)})}
	small := codec.Frame{Type: codec.TypeJobs, Payload: codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("\n")})}
	for name, f := range map[string]codec.Frame{"large": large, "small": small} {
		t.Run(name, func(t *testing.T) {
			cost := len(f.Payload) + rangeCost
			l := welcomed(t, func(*codec.Welcome) {}, bytes.Repeat(frames(f), 100)...)
			l.queue.bytes = maxQueued - 10*cost
			l.read()
			if !strings.Contains(l.err.Error(), "bytes of jobs for 2 slots") || l.queue.bytes > maxQueued+cost {
				t.Errorf("%d bytes are queued, and it ends with %v", l.queue.bytes, l.err)
			}
		})
	}
}

// One job a slot is taken, however large.
func TestOneLargeJobASlotIsTaken(t *testing.T) {
	l := welcomed(t, func(*codec.Welcome) {})
	l.queue.bytes, l.queue.jobs = 2*maxQueued, 2
	if err := l.enqueue(leased{}); err != nil {
		t.Errorf("got %v", err)
	}
}
