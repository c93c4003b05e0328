package main

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// A sketch is a trace in the making; times are in ms.
type sketch struct{ b []byte }

func (s *sketch) add(e trace.Event) { s.b = trace.Append(s.b, &e) }

func (s *sketch) worker(id uint64, name string) {
	s.add(trace.Event{Name: "process_name", Phase: trace.Metadata, Process: id, Args: trace.Args{Name: name}})
}

func (s *sketch) took(id uint64, slot int, seq uint64, category string, from, to int64) {
	s.add(trace.Event{Name: "x", Category: category, Phase: trace.Complete, Time: 1000 * from, Took: 1000 * (to - from), Process: id, Thread: slot, Args: trace.Args{Seq: seq}})
}

func (s *sketch) span(id, seq uint64, category string, from, to int64) {
	e := trace.Event{Name: category, Category: category, Phase: trace.Begin, Time: 1000 * from, Process: id, ID: trace.ID{Local: strconv.FormatUint(seq, 10)}, Args: trace.Args{Seq: seq}}
	s.add(e)
	e.Phase, e.Time, e.Args = trace.End, 1000*to, trace.Args{}
	s.add(e)
}

func TestTimeline(t *testing.T) {
	for _, test := range []struct {
		name   string
		sketch func(s *sketch)
		view   view
		want   string
	}{
		{"a job after another", func(s *sketch) {
			s.worker(1, "one (127.0.0.1:7)")
			for i := range int64(2) {
				s.span(1, uint64(i+1), trace.Sent, 20*i, 20*i+2)
				s.took(1, 1, uint64(i+1), trace.Running, 20*i+2, 20*i+12)
				s.span(1, uint64(i+1), trace.Answered, 20*i+12, 20*i+15)
			}
		}, view{width: 40}, `
ms  0         10        20        30
    |         |         |         |
one ww          rrr+++++ww          rrr  43 % idle
`},
		{"a queue on the worker", func(s *sketch) {
			s.worker(1, "one")
			s.span(1, 1, trace.Sent, 0, 2)
			s.span(1, 2, trace.Sent, 0, 12)
			s.took(1, 1, 1, trace.Running, 2, 12)
			s.took(1, 1, 2, trace.Running, 12, 20)
			s.span(1, 1, trace.Answered, 12, 14)
			s.span(1, 2, trace.Answered, 20, 20)
		}, view{width: 20}, `
ms  0         10
    |         |
one ww          rr        10 % idle
`},
		{"the wire was watched", func(s *sketch) {
			s.worker(1, "one")
			s.span(1, 1, trace.Sent, 0, 4)
			s.took(1, 1, 1, trace.WireJob, 1, 3)
			s.took(1, 1, 1, trace.Running, 4, 10)
			s.took(1, 1, 2, trace.WireJob, 6, 8)
			s.took(1, 1, 1, trace.WireResult, 10, 12)
			s.span(1, 1, trace.Answered, 10, 15)
		}, view{width: 15}, `
ms  0         10
    |         |
one .ww.  ww  rr...  60 % idle
`},
		{"two workers, one with two slots", func(s *sketch) {
			s.worker(2, "two")
			s.worker(1, "one")
			s.took(1, 2, 1, trace.Running, 0, 5)
			s.took(1, 1, 2, trace.Running, 5, 10)
			s.took(2, 1, 3, trace.Running, 0, 10)
		}, view{width: 10}, `
ms    0
      |
one 1 +++++       50 % idle
one 2      +++++  50 % idle
two                0 % idle
`},
		{"a part, scaled", func(s *sketch) {
			s.worker(1, "one")
			s.took(1, 1, 1, trace.Running, 0, 100)
			s.took(1, 1, 1, trace.Running, 150, 300)
		}, view{width: 20, from: 5, length: 20, scale: 10}, `
ms  5         15
    |         |
one      +++++            25 % idle
Each ms here was 10 ms.
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s sketch
			test.sketch(&s)
			if test.view.scale == 0 {
				test.view.scale = 1
			}
			var out bytes.Buffer
			if err := timeline(strings.NewReader("[\n"+string(s.b)), &out, test.view); err != nil {
				t.Fatal(err)
			}
			drawing, _, _ := strings.Cut(out.String(), "\n\n")
			if got := "\n" + strings.Replace(strings.TrimSuffix(drawing, "\n")+"\n", legend+"\n", "", 1); got != test.want {
				t.Errorf("got%swant%s", got, test.want)
			}
		})
	}
}

// Below a whole run there is how long jobs took on each worker, the slowest first.
func TestWorkers(t *testing.T) {
	var s sketch
	s.worker(1, "one (127.0.0.1:7)")
	s.worker(2, "the-old-one")
	for i := range int64(4) {
		s.took(1, 1, uint64(i+1), trace.Running, 20*i, 20*i+10+i)
	}
	s.took(2, 1, 9, trace.Running, 0, 40)
	s.add(trace.Event{Name: "x", Category: trace.Running, Phase: trace.Complete, Time: 40_000, Took: 60_000, Process: 2, Thread: 2, Args: trace.Args{Seq: 10, Count: 3}})
	for _, test := range []struct {
		view view
		want string
	}{
		{view{width: 72, scale: 1}, `
worker           jobs    mean time      longest
the-old-one         4        25 ms        40 ms
one                 4      11.5 ms        13 ms
`},
		{view{width: 72, scale: 10}, `
worker           jobs    mean time      longest
the-old-one         4       2.5 ms         4 ms
one                 4      1.15 ms       1.3 ms
`},
		{view{width: 72, scale: 1, length: 50}, ""},
	} {
		var out bytes.Buffer
		if err := timeline(strings.NewReader("[\n"+string(s.b)), &out, test.view); err != nil {
			t.Fatal(err)
		}
		_, table, found := strings.Cut(out.String(), "\n\n")
		if found {
			table = "\n" + table
		}
		if table != test.want {
			t.Errorf("%+v: got%swant%s", test.view, table, test.want)
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	for _, text := range []string{"", "[]", "[\n", "x"} {
		if err := timeline(strings.NewReader(text), &bytes.Buffer{}, view{width: 72, scale: 1}); err == nil {
			t.Errorf("%q is drawn", text)
		}
	}
}

func TestNothingBehindTheEnd(t *testing.T) {
	var s sketch
	s.took(1, 1, 1, trace.Running, 0, 40)
	for from, want := range map[float64]bool{0: true, 39: true, 40: false, 1e9: false} {
		var out bytes.Buffer
		err := timeline(strings.NewReader("[\n"+string(s.b)), &out, view{width: 72, scale: 1, from: from})
		if drawn := err == nil; drawn != want || drawn != (out.Len() > 0) {
			t.Errorf("from %v on: %v", from, err)
		}
	}
}

func TestPossible(t *testing.T) {
	usual := view{width: 72, scale: 1}
	if !usual.possible() {
		t.Fatal("the usual drawing is not")
	}
	for _, x := range []float64{-1, math.NaN(), math.Inf(1), 1e30} {
		for _, v := range []view{{width: 72, scale: x}, {width: 72, scale: 1, from: x}, {width: 72, scale: 1, length: x}} {
			if v.possible() {
				t.Errorf("%+v is", v)
			}
		}
	}
}

// A name may have blanks, and letters of several bytes.
func TestNames(t *testing.T) {
	var s sketch
	s.worker(1, "le premier (127.0.0.1:7)")
	s.worker(2, "größe")
	for id := range uint64(2) {
		s.took(id+1, 1, 1, trace.Running, 0, 40)
	}
	var out bytes.Buffer
	if err := timeline(strings.NewReader("[\n"+string(s.b)), &out, view{width: 10, scale: 1, length: 40}); err != nil {
		t.Fatal(err)
	}
	want := `ms         0
           |
größe                 0 % idle
le premier            0 % idle
`
	if got, _, _ := strings.Cut(out.String(), "r reading"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestSpans(t *testing.T) {
	u := spans{{5, 9}, {1, 3}, {2, 4}, {9, 12}, {20, 20}, {30, 40}}.union()
	if !slices.Equal(u, spans{{1, 4}, {5, 12}, {30, 40}}) {
		t.Errorf("union %v", u)
	}
	if got := u.without(spans{{0, 2}, {6, 7}, {11, 35}}); !slices.Equal(got, spans{{2, 4}, {5, 6}, {7, 11}, {35, 40}}) {
		t.Errorf("without %v", got)
	}
	if n := u.within(3, 31); n != 1+7+1 {
		t.Errorf("within %d", n)
	}
	for at, want := range map[int64]bool{0: false, 1: true, 4: false, 5: true, 39: true, 40: false} {
		if u.has(at) != want {
			t.Errorf("%d: %v", at, !want)
		}
	}
}

func TestRound(t *testing.T) {
	for x, want := range map[float64]float64{1: 1, 1.01: 2, 2: 2, 2.1: 2.5, 4: 5, 7: 10, 0.3: 0.5, 130: 200} {
		if got := round(x); got != want {
			t.Errorf("%g: %g, want %g", x, got, want)
		}
	}
}
