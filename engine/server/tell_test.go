package server

import (
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

// What is told of a job is what its worker said of the attempt that counted.
func TestJoblog(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Joblog = true
		c.Schedule.Retries = 1
	})
	w := r.connect(codec.Hello{Slots: 6, Name: "box", Lines: true})
	r.jobs("one\ntwo\nthree\nfour\nfive\nsix\n")
	r.noMore()
	for got := uint64(0); got < 6; {
		got += w.job().Count
	}
	const second = 1_000_000
	w.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: 2, Count: 2, Start: 10 * second, Took: 3 * second, Lines: []byte("two\n3\n")}))
	w.answer(codec.Result{Seq: 1, Start: 20 * second, Took: 2 * second, Code: 9, Stdout: []byte("no\n")})
	w.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: 6, Attempt: 1, Stream: 1, Data: []byte("some")}))
	w.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: 6, Attempt: 1, Stream: 2, Data: []byte("stderr")}))
	w.answer(codec.Result{Seq: 6, Start: 30 * second, Took: 1500, Stdout: []byte("thing\n")})
	for _, seq := range []uint64{4, 5} {
		w.answer(codec.Result{Seq: seq, Outcome: codec.Unrunnable, Note: []byte("first")})
	}
	for got := 0; got < 3; {
		j := w.job()
		for i := range j.Count {
			got++
			again := codec.Result{Seq: j.Seq + i, Attempt: j.Attempt, Start: 40 * second, Took: second}
			switch again.Seq {
			case 1:
				again.Stdout = []byte("yes, one\n")
			case 4:
				again.Outcome, again.Code = codec.Signaled, 11
			case 5:
				again.Outcome = codec.TooLarge
			}
			w.answer(again)
		}
	}
	r.written()
	want := map[string]bool{
		"2\tbox\t10.000\t     1.500\t4\t4\t0\t0\ttwo":    true,
		"3\tbox\t11.500\t     1.500\t6\t2\t0\t0\tthree":  true,
		"6\tbox\t30.000\t     0.002\t4\t10\t0\t0\tsix":   true,
		"1\tbox\t40.000\t     1.000\t4\t9\t0\t0\tone":    true,
		"4\tbox\t40.000\t     1.000\t5\t0\t0\t11\tfour":  true,
		"5\tbox\t40.000\t     1.000\t5\t0\t-1\t15\tfive": true,
	}
	for _, line := range r.joblogLines() {
		if !want[line] {
			t.Errorf("a line, perhaps for the second time: %q", line)
		}
		delete(want, line)
	}
	for line := range want {
		t.Errorf("no line %q", line)
	}
}

// Nothing is told to a joblog that is not asked for.
func TestNoJoblog(t *testing.T) {
	r := start(t, nil)
	w := r.worker("box", 1)
	r.jobs("one\n")
	r.noMore()
	w.job()
	w.answer(codec.Result{Seq: 1, Code: 1})
	r.written()
	if lines := r.joblogLines(); len(lines) > 0 {
		t.Errorf("the joblog holds %q", lines)
	}
}
