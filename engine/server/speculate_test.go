package server

import (
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

// A tally is what a worker was acknowledged.
type tally struct {
	credit int
	spans  []codec.Span
}

// until returns the payload of the next frame of type t.
func (a *tally) until(f *fake, t codec.Type) []byte {
	f.t.Helper()
	for {
		frame, ok := f.frame()
		if !ok {
			f.t.Fatalf("the connection ended before a frame of type %d came", t)
		}
		if frame.Type == codec.TypeAck {
			ack, err := codec.ParseAck(frame.Payload)
			if err != nil {
				f.t.Fatal(err)
			}
			a.credit += int(ack.Credit)
			a.spans = append(a.spans, ack.Spans...)
		}
		if frame.Type == t {
			return frame.Payload
		}
	}
}

// A job that is slow on one worker is answered by another. What the first still
// says of it, and be it much, is taken, acknowledged, and goes nowhere.
func TestLateAnswersGoNowhere(t *testing.T) {
	for _, lines := range []bool{false, true} {
		r := start(t, func(c *Config) {
			c.Schedule.Speculate = true
			c.Window = 10 * leastWindow // the share of each stays what it was at first
		})
		slow, quick := r.worker("slow", 1), r.worker("quick", 2)
		r.jobs("a\nb\nc\n")
		late := slow.job().Seq
		others := quick.job()
		done, kept := others.Seq, others.Seq+1
		quick.answer(codec.Result{Seq: done, Stdout: []byte("done\n")})
		part := strings.Repeat("late", 20)
		partly := func() {
			slow.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: late, Attempt: 1, Stream: 1, Data: []byte(part)}))
		}
		partly()
		r.noMore()

		second := quick.job()
		if second.Seq != late || second.Attempt != 2 || second.Count != 1 {
			t.Fatalf("the second worker is given %+v, want job %d as attempt 2", second, late)
		}
		quick.answer(codec.Result{Seq: late, Attempt: 2, Stdout: []byte("in time\n")})
		var acks tally
		cancel, err := codec.ParseCancel(acks.until(slow, codec.TypeCancel))
		if err != nil || len(cancel.Spans) != 1 || cancel.Spans[0] != (codec.Span{Seq: late, Count: 1}) {
			t.Fatalf("cancelled are %+v (%v), want job %d", cancel, err, late)
		}

		parts := 2 * maxStray
		size := (1 + parts) * len(part)
		for range parts {
			partly()
		}
		if lines {
			slow.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: late, Count: 1, Lines: []byte("late\n")}))
			size += len("late\n")
		} else {
			slow.answer(codec.Result{Seq: late, Code: 1, Stderr: []byte("late")})
			size += len("late")
		}
		for acks.credit < size || len(acks.spans) == 0 {
			acks.until(slow, codec.TypeAck)
		}
		if acks.credit != size || len(acks.spans) != 1 || acks.spans[0] != (codec.Span{Seq: late, Count: 1}) {
			t.Errorf("for %d bytes of job %d come back %+v", size, late, acks)
		}
		quick.answer(codec.Result{Seq: kept, Stdout: []byte("kept\n")})
		out, errs := r.written()
		if out != "done\nin time\nkept\n" || errs != "" {
			t.Errorf("stdout %q, stderr %q", out, errs)
		}
		if n := r.Counts.Done.Load(); n != 3 {
			t.Errorf("%d jobs are done, want 3", n)
		}
	}
}
