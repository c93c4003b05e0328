package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var began = time.UnixMicro(1764000000000000)

const ms = time.Millisecond

// stamp is a time of the run as a worker with that clock would tell it.
func stamp(at, off time.Duration) uint64 { return uint64(began.Add(at + off).UnixMicro()) }

// events are those of a trace that may lack its end.
func events(t *testing.T, b []byte) (list []Event) {
	t.Helper()
	for e, err := range Read(bytes.NewReader(append([]byte("[\n"), b...))) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// brief is the events that are no metadata, a line each: where, what, which jobs,
// and when in milliseconds.
func brief(list []Event) string {
	var b strings.Builder
	for i, e := range list {
		a := e.Args
		switch e.Phase {
		case Complete:
			fmt.Fprintf(&b, "%d.%d running %d+%d #%d %d-%d %s\n", e.Process, e.Thread, a.Seq, a.Count, a.Attempt, e.Time/1000, (e.Time+e.Took)/1000, a.Outcome)
		case Begin:
			fmt.Fprintf(&b, "%d %s %d+%d #%d %d-%d %s\n", e.Process, e.Name, a.Seq, a.Count, a.Attempt, e.Time/1000, list[i+1].Time/1000, a.Outcome)
		case Instant:
			fmt.Fprintf(&b, "%d %s %d+%d %d\n", e.Process, e.Name, a.Seq, a.Count, e.Time/1000)
		}
	}
	return b.String()
}

func TestRecorder(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(r *Recorder)
		want string
	}{
		{"a job", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Read(2*ms, 1, 1)
			r.Sent(5*ms, 1, 1, 1, 1)
			r.Answered(20*ms, 1, Answer{Seq: 1, Count: 1, Start: stamp(8*ms, 0), Took: 10_000, Outcome: "ok"})
			r.Written(21*ms, 1, 1)
		}, `
0 queued 1+1 #1 2-5 
1 sent 1+1 #1 5-8 ok
1.1 running 1+1 #1 8-18 ok
1 answered 1+1 #1 18-20 ok
0 written 1+1 21
`},
		{"fails and runs again", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Read(0, 1, 1)
			r.Sent(1*ms, 1, 1, 1, 1)
			r.Answered(9*ms, 1, Answer{Seq: 1, Count: 1, Start: stamp(2*ms, 0), Took: 5_000, Outcome: "exit status 3", Again: true})
			r.Sent(12*ms, 1, 1, 1, 2)
		}, `
0 queued 1+1 #1 0-1 
1 sent 1+1 #1 1-2 exit status 3
1.1 running 1+1 #1 2-7 exit status 3
1 answered 1+1 #1 7-9 exit status 3
0 queued 1+1 #2 9-12 
1 sent 1+1 #2 12-30 not answered
`},
		{"ranges: one is given back, one is lost", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Join(2, "two", 1)
			r.Read(0, 1, 100)
			r.Sent(1*ms, 1, 1, 60, 1)
			r.Returned(5*ms, 1, 41, 20)
			r.Answered(6*ms, 1, Answer{Seq: 1, Count: 10, Start: stamp(2*ms, 0), Took: 3_000, Outcome: "ok"})
			r.Leave(7*ms, 1)
			r.Sent(9*ms, 2, 11, 50, 2)
		}, `
0 queued 1+60 #1 0-1 
1 sent 41+20 #1 1-5 given back
1 sent 1+10 #1 1-2 ok
1.1 running 1+10 #1 2-5 ok
1 answered 1+10 #1 5-6 ok
1 sent 11+30 #1 1-7 lost
0 queued 11+30 #2 7-9 
0 queued 41+20 #2 5-9 
2 sent 11+50 #2 9-30 not answered
`},
		{"sent apart, and answered together", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Read(0, 1, 8)
			r.Sent(1*ms, 1, 1, 2, 1)
			r.Sent(8*ms, 1, 3, 4, 1)
			r.Sent(9*ms, 1, 7, 2, 1)
			r.Answered(20*ms, 1, Answer{Seq: 1, Count: 8, Start: stamp(3*ms, 0), Took: 16_000, Outcome: "ok"})
			r.Written(21*ms, 1, 8)
		}, `
0 queued 1+2 #1 0-1 
0 queued 3+4 #1 0-8 
0 queued 7+2 #1 0-9 
1 sent 1+2 #1 1-3 ok
1.1 running 1+2 #1 3-7 ok
1 answered 1+2 #1 7-20 ok
1 sent 3+4 #1 8-8 ok
1.1 running 3+4 #1 8-15 ok
1 answered 3+4 #1 15-20 ok
1 sent 7+2 #1 9-15 ok
1.1 running 7+2 #1 15-19 ok
1 answered 7+2 #1 19-20 ok
0 written 1+8 21
`},
		{"a slot cannot be at two jobs", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Sent(1*ms, 1, 1, 2, 1)
			r.Answered(20*ms, 1, Answer{Seq: 1, Count: 1, Start: stamp(3*ms, 0), Took: 16_000, Outcome: "ok"})
			r.Answered(24*ms, 1, Answer{Seq: 2, Count: 1, Start: stamp(12*ms, 0), Took: 2_000, Outcome: "ok"})
		}, `
1 sent 1+1 #1 1-3 ok
1.1 running 1+1 #1 3-19 ok
1 answered 1+1 #1 19-20 ok
1 sent 2+1 #1 1-12 ok
1.1 running 2+1 #1 19-19 ok
1 answered 2+1 #1 19-24 ok
`},
		{"given back together", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Sent(1*ms, 1, 1, 2, 1)
			r.Sent(8*ms, 1, 3, 2, 1)
			r.Returned(9*ms, 1, 2, 3)
			r.Leave(10*ms, 1)
		}, `
1 sent 2+1 #1 1-9 given back
1 sent 3+2 #1 8-9 given back
1 sent 1+1 #1 1-10 lost
`},
		{"a clock an hour ahead", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Sent(10*ms, 1, 1, 1, 1)
			r.Answered(30*ms, 1, Answer{Seq: 1, Count: 1, Start: stamp(14*ms, time.Hour), Took: 12_000, Outcome: "ok"})
		}, `
1 sent 1+1 #1 10-14 ok
1.1 running 1+1 #1 14-26 ok
1 answered 1+1 #1 26-30 ok
`},
		{"no times", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Sent(10*ms, 1, 1, 1, 1)
			r.Answered(30*ms, 1, Answer{Seq: 1, Count: 1, Outcome: "ok"})
		}, `
1 sent 1+1 #1 10-10 ok
1.1 running 1+1 #1 10-30 ok
1 answered 1+1 #1 30-30 ok
`},
		{"times out of all reason", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Sent(10*ms, 1, 1, 1, 1)
			r.Answered(30*ms, 1, Answer{Seq: 1, Count: 1, Start: 1<<64 - 1, Took: 1<<64 - 1, Outcome: "ok"})
		}, `
1 sent 1+1 #1 10-10 ok
1.1 running 1+1 #1 10-30 ok
1 answered 1+1 #1 30-30 ok
`},
		{"unknown workers and jobs", func(r *Recorder) {
			r.Join(1, "one", 1)
			r.Leave(0, 7)
			r.Sent(0, 7, 1, 1, 1)
			r.Answered(0, 7, Answer{Seq: 1, Count: 1})
			r.Answered(0, 1, Answer{Seq: 1, Count: 1})
		}, "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			r := NewRecorder(&b, began)
			test.play(r)
			r.End(30 * ms)
			if got := "\n" + brief(events(t, b.Bytes())); got != test.want {
				t.Errorf("got%swant%s", got, test.want)
			}
		})
	}
}

// TestRows has jobs run in slots at random and their answers come late. No two
// jobs of a row overlap, there are no more rows than slots, and each job is there.
func TestRows(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var b bytes.Buffer
		r := NewRecorder(&b, began)
		slots := 1 + rng.IntN(6)
		r.Join(1, "one", slots)
		type run struct {
			seq        uint64
			start, end time.Duration
		}
		var runs []run
		free := make([]time.Duration, slots)
		for seq := range uint64(60) {
			slot := slices.Index(free, slices.Min(free))
			start := free[slot] + time.Duration(1+rng.IntN(3000))*time.Microsecond
			end := start + time.Duration(rng.IntN(9000))*time.Microsecond
			free[slot] = end
			runs = append(runs, run{seq + 1, start, end})
		}
		r.Sent(0, 1, 1, len(runs), 1)
		slices.SortFunc(runs, func(a, b run) int { return int(a.end - b.end) })
		for _, j := range runs {
			r.Answered(j.end+ms, 1, Answer{Seq: j.seq, Count: 1, Start: stamp(j.start, 0), Took: uint64((j.end - j.start).Microseconds()), Outcome: "ok"})
		}
		seen := map[uint64]bool{}
		until := map[int]int64{}
		list := events(t, b.Bytes())
		slices.SortStableFunc(list, func(a, b Event) int { return int(a.Time - b.Time) })
		for _, e := range list {
			if e.Phase != Complete {
				continue
			}
			if e.Thread < 1 || e.Thread > slots || e.Time < until[e.Thread] {
				t.Fatalf("seed %d: job %d is in row %d of %d, which is in use until %d", seed, e.Args.Seq, e.Thread, slots, until[e.Thread])
			}
			until[e.Thread] = e.Time + e.Took
			seen[e.Args.Seq] = true
		}
		if len(seen) != len(runs) || len(r.workers[1].held) != 0 {
			t.Fatalf("seed %d: %d of %d jobs ran", seed, len(seen), len(runs))
		}
	}
}

// What is kept does not grow with the jobs.
func TestRecorderForgets(t *testing.T) {
	var b bytes.Buffer
	r := NewRecorder(&b, began)
	for i := range uint64(mostWaiting + 50) { // given up, each for itself
		r.Read(0, 2*i+1, 1)
	}
	if len(r.waiting) > mostWaiting {
		t.Errorf("%d stretches wait", len(r.waiting))
	}
}

func TestNamesAreStrings(t *testing.T) {
	for _, name := range []string{"one", `"`, `\`, "a\nb\x00", "\xff\xfe", "é", "</script>"} {
		e := Event{Name: name, Phase: Metadata, Args: Args{Name: name, Outcome: name, Seq: 1}}
		line := Append(nil, &e)
		if !json.Valid(bytes.TrimSuffix(line, []byte(",\n"))) || bytes.Count(line, []byte{'\n'}) != 1 {
			t.Errorf("%q becomes %s", name, line)
		}
	}
}

func TestClock(t *testing.T) {
	type job struct{ sent, start, end, heard, off int64 }
	for name, jobs := range map[string][]job{
		"right":                            {{0, 5, 10, 12, 0}, {20, 25, 30, 31, 0}},
		"ahead":                            {{0, 105, 110, 14, -101}, {20, 121, 130, 31, -100}},
		"behind":                           {{100, 5, 10, 112, 98}, {120, 22, 25, 126, 99}},
		"set back during the run":          {{0, 5, 10, 12, 0}, {1000, 900, 910, 1020, 100}, {1100, 1001, 1010, 1112, 99}},
		"a bit fast, and a job has waited": {{0, 5, 10, 12, 0}, {20, 1000, 1010, 1003, -7}},
		"longer than it can be so":         {{0, 5, 100, 12, -5}},
	} {
		var c Clock
		for i, j := range jobs {
			if off := c.add(j.sent, j.start, j.end, j.heard); off != j.off {
				t.Errorf("%s, job %d: %d, want %d", name, i, off, j.off)
			}
		}
	}
}
