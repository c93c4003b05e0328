package progress

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// A rig is a line whose terminal and total a test sets.
type rig struct {
	*Line
	total int64
	width int
	now   time.Time
}

func newRig() *rig {
	r := &rig{total: unknown, width: 100, now: began}
	r.Line = New(func() int64 { return r.total }, func() int { return r.width })
	return r
}

// after renders c so much later.
func (r *rig) after(d time.Duration, c Counts) string {
	r.now = r.now.Add(d)
	return r.Render(r.now, c)
}

func TestWords(t *testing.T) {
	tests := []struct {
		name  string
		total int64
		c     Counts // ten seconds after the start
		want  string
	}{
		{"of a pipe", -1, Counts{Read: 1500, Done: 1234, Failed: 2, Running: 20, Workers: 3},
			"1,234 done, 123/s, 3 workers, 20 running, 2 failed"},
		{"of a file", 10000, Counts{Read: 1500, Done: 1200, Running: 20, Workers: 1},
			"1,200/10,000 [==>                          ] 12%, 120/s, 01:13 left, 1 worker, 20 running, 0 failed"},
		{"of a pipe read to its end", -1, Counts{Read: 2000, Ended: true, Done: 1000, Running: 20, Workers: 1},
			"1,000/2,000 [==============>               ] 50%, 100/s, 00:10 left, 1 worker, 20 running, 0 failed"},
		{"file that grew", 100, Counts{Read: 200, Done: 100, Running: 20, Workers: 1},
			"100/200 [==============>               ] 50%, 10.0/s, 00:10 left, 1 worker, 20 running, 0 failed"},
		{"no worker", 10, Counts{Read: 10, Ended: true, Waits: "waiting for workers: none has come to :9000"},
			"0/10 [                              ] 0%, waiting for workers: none has come to :9000, 0 failed"},
		{"no input", -1, Counts{Read: 5, Done: 5, Workers: 2, Waits: "waiting for input"}, "5 done, waiting for input, 2 workers, 0 failed"},
		{"neither", -1, Counts{Waits: "waiting for input"}, "0 done, waiting for input, 0 failed"},
		{"one job", 5, Counts{Read: 5, Ended: true, Done: 4, Running: 1, Workers: 2, Waits: "waiting for job 3 on a, 3m12s"},
			"4/5 [=======================>      ] 80%, waiting for job 3 on a, 3m12s, 2 workers, 0 failed"},
		{"some wait for a job", 10000, Counts{Read: 1500, Done: 1200, Running: 20, Workers: 1, Waits: "job 17 has run for 3 min on a"},
			"1,200/10,000 [>         ] 12%, 120/s, 01:13 left, job 17 has run for 3 min on a, 1 worker, 0 failed"},
		{"all done", 5, Counts{Read: 5, Ended: true, Done: 5}, "5/5 [==============================] 100%, 30.0/min, 0 failed"},
		{"not all written", 5, Counts{Read: 5, Ended: true, Done: 5, Workers: 2, Waits: "waiting for stdout"},
			"5/5 [==============================] 100%, waiting for stdout, 2 workers, 0 failed"},
		{"empty input", 0, Counts{Ended: true}, "0 done, 0 failed"},
		{"hours", 1 << 20, Counts{Read: 100, Done: 100, Running: 1, Workers: 1},
			"100/1,048,576 [                          ] 0%, 10.0/s, 29:07:27 left, 1 worker, 1 running, 0 failed"},
		{"for ever", 1 << 60, Counts{Read: 100, Done: 100, Running: 1, Workers: 1},
			"100/1,152,921,504,606,846,976 [                         ] 0%, 10.0/s, 1 worker, 1 running, 0 failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig()
			r.after(0, Counts{})
			r.total = test.total
			if got := r.after(10*time.Second, test.c); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestFit(t *testing.T) {
	r := newRig()
	r.after(0, Counts{})
	r.total = 10000
	c := Counts{Read: 1500, Done: 1200, Running: 20, Workers: 3}
	r.after(10*time.Second, c)
	for _, test := range []struct {
		width int
		want  string
	}{
		{0, "jobpipe: 1,200/10,000 12%, 120/s, 01:13 left, 3 workers, 20 running, 0 failed"},
		{200, "1,200/10,000 [===>                          ] 12%, 120/s, 01:13 left, 3 workers, 20 running, 0 failed"},
		{80, "1,200/10,000 [>       ] 12%, 120/s, 01:13 left, 3 workers, 20 running, 0 failed"},
		{60, "1,200/10,000 12%, 120/s, 01:13 left, 3 workers, 0 failed"},
		{50, "1,200/10,000 12%, 01:13 left, 3 workers, 0 failed"},
		{40, "1,200/10,000, 01:13 left, 0 failed"},
		{24, "1,200/10,000, 0 failed"},
		{20, "1,200/10,000"},
		{10, "1,200"},
		{5, "1,20"},
		{1, ""},
	} {
		r.width = test.width
		if got := r.after(0, c); got != test.want {
			t.Errorf("in %d columns\ngot  %q\nwant %q", test.width, got, test.want)
		}
	}
}

// What is waited for is the last to go, and names may be of any width.
func TestFitWaits(t *testing.T) {
	for _, test := range []struct {
		width int
		name  string
		want  string
	}{
		{80, "a", "7/8 [=============>  ] 88%, waiting for job 17 on a, 3m12s, 3 workers, 0 failed"},
		{80, "日本", "7/8 [==========>  ] 88%, waiting for job 17 on 日本, 3m12s, 3 workers, 0 failed"},
		{60, "a", "7/8, waiting for job 17 on a, 3m12s, 3 workers, 0 failed"},
		{40, "a", "7/8, waiting for job 17 on a, 3m12s"},
		{40, "日本日本", "7/8, waiting for job 17 on 日本日本, 3…"},
		{39, "日本日本", "7/8, waiting for job 17 on 日本日本, …"},
		{38, "日本日本", "7/8, waiting for job 17 on 日本日本,…"},
		{36, "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", "7/8, waiting for job 17 on e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301…"},
		{20, "a", "7/8, waiting for j…"},
		{15, "a", "7/8 [======> ]"},
		{10, "a", "7/8"},
	} {
		r := newRig()
		r.width = test.width
		c := Counts{Read: 8, Ended: true, Done: 7, Running: 1, Workers: 3, Waits: "waiting for job 17 on " + test.name + ", 3m12s"}
		if got := r.after(0, c); got != test.want {
			t.Errorf("in %d columns\ngot  %q\nwant %q", test.width, got, test.want)
		}
	}
}

// No counts make a line wider than the terminal.
func TestAlwaysFits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := newRig()
	for range 20000 {
		r.width = 1 + rng.IntN(150)
		r.total = rng.Int64N(1<<rng.IntN(62)+1) - 1
		some := func() int64 { return rng.Int64N(1<<rng.IntN(62) + 1) }
		c := Counts{Read: some(), Done: some(), Failed: some(), Running: some(), Workers: rng.IntN(5000), Ended: rng.IntN(2) == 0}
		c.Waits = strings.Repeat("日e\u0301", rng.IntN(40))
		line := r.after(time.Duration(rng.IntN(1000))*time.Millisecond, c)
		if columns(line) >= r.width || strings.ContainsAny(line, "\n\r\x1b") {
			t.Fatalf("%d columns in %d: %q for %+v", columns(line), r.width, line, c)
		}
	}
}

// The rate follows what happens, and bursts do not mislead it.
func TestPace(t *testing.T) {
	perSecond := func(p *Pace) float64 { return 1e9 / p.Value() }
	near := func(got, want float64) bool { return got > 0.9*want && got < 1.1*want }
	var p Pace
	now, done := began, int64(0)
	run := func(ticks int, jobs func(i int) int64) {
		for i := range ticks {
			p.Observe(now, done, 1)
			now = now.Add(200 * time.Millisecond)
			done += jobs(i)
		}
		p.Observe(now, done, 1)
	}
	if p.Value() != 0 || p.Rate() != 0 {
		t.Error("a rate before anything was seen")
	}
	run(10, func(int) int64 { return 20 })
	if got := perSecond(&p); !near(got, 100) {
		t.Errorf("after two seconds of 100 a second: %g", got)
	}
	run(500, func(int) int64 { return 2 })
	if got := perSecond(&p); !near(got, 10) {
		t.Errorf("after 100 seconds of 10 a second: %g", got)
	}
	run(500, func(i int) int64 {
		if i%5 == 0 {
			return 1000
		}
		return 1
	})
	if got := perSecond(&p); !near(got, 1004) {
		t.Errorf("after 100 seconds of bursts: %g", got)
	}
	p.Observe(now, done, 1)
	if got := perSecond(&p); !near(got, 1004) {
		t.Errorf("the same moment twice: %g", got)
	}
}

// Jobs that take longer than the memory do not make the rate swing between their
// ends.
func TestPaceOfLongJobs(t *testing.T) {
	var p Pace
	const slots, minutes = 4, 10
	for tick := range minutes * 60 * 5 {
		at := time.Duration(tick) * 200 * time.Millisecond
		p.Observe(began.Add(at), slots*int64(at/time.Minute), slots)
		if at < 2*time.Minute {
			continue
		}
		if got := 60e9 / p.Value(); got < 0.45*slots || got > 1.5*slots {
			t.Fatalf("after %v of %d jobs a minute: %g", at, slots, got)
		}
	}
}

// What time there was nothing to do does not count.
func TestPaceWithoutWork(t *testing.T) {
	var p Pace
	p.Observe(began, 0, 0)
	p.Observe(began.Add(time.Hour), 0, 0)
	p.Observe(began.Add(time.Hour+time.Second), 10, 2)
	p.Observe(began.Add(2*time.Hour), 10, 0)
	if got := 1e9 / p.Value(); got != 10 || p.Rate() < 9.999 || p.Rate() > 10.001 {
		t.Errorf("%g and %g jobs a second, want 10", got, p.Rate())
	}
}
