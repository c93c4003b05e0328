package watch

import (
	"math"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 0.001*math.Abs(b)+1e-6 }

// What is said about the rest of the run.
func TestRest(t *testing.T) {
	for _, test := range []struct {
		name string
		run  live.Run // a minute after it began
		size int64
		want sight
	}{
		{"of a pipe", live.Run{Read: 100, Bytes: 500, Done: 60, Running: 4}, -1, sight{total: -1, rate: 1, left: -1}},
		{"of a file", live.Run{Read: 100, Bytes: 500, Done: 60, Running: 4}, 600, sight{total: 120, rate: 1, left: time.Minute}},
		{"of a file that was cut", live.Run{Read: 120, Bytes: 500, Done: 60, Running: 4}, 7, sight{total: 120, rate: 1, left: time.Minute}},
		{"of which nothing is read", live.Run{}, 600, sight{total: -1, left: -1}},
		{"of an empty file", live.Run{Ended: true}, 0, sight{left: -1}},
		{"read to its end", live.Run{Read: 90, Bytes: 500, Ended: true, Done: 60, Running: 4}, -1, sight{total: 90, rate: 1, left: 30 * time.Second}},
		{"a file read to its end", live.Run{Read: 90, Bytes: 500, Ended: true, Done: 60, Running: 4}, 600, sight{total: 90, rate: 1, left: 30 * time.Second}},
		{"of which half was done before", live.Run{Read: 600, Bytes: 600, Past: 480, Done: 540, Running: 4}, 600, sight{total: 600, rate: 1, left: time.Minute}},
		{"nothing done yet", live.Run{Read: 100, Bytes: 500, Running: 4}, 600, sight{total: 120, left: -1}},
		{"it waits", live.Run{Read: 60, Bytes: 300, Done: 60, Why: "waiting for input"}, 600, sight{total: 120, rate: 1, left: -1}},
		{"some wait for one that runs", live.Run{Read: 100, Bytes: 500, Done: 60, Running: 4, Why: "job 3"}, 600, sight{total: 120, rate: 1, left: time.Minute}},
		{"over", live.Run{Read: 90, Ended: true, Past: 30, Done: 90, State: live.Over}, -1, sight{total: 90, rate: 1, left: -1}},
		{"for ever", live.Run{Read: 1, Bytes: 1, Done: 1, Running: 4}, 1 << 60, sight{total: 1 << 60, rate: 1. / 60, left: -1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := looker{Config: Config{Input: func() int64 { return test.size }}}
			test.run.Began, test.run.At = time.Now(), time.Minute
			got := l.see(&test.run)
			if got.total != test.want.total || !near(got.rate, test.want.rate) || !near(got.left.Seconds(), test.want.left.Seconds()) && got.left != test.want.left {
				t.Errorf("total %d, rate %g, left %v; want %d, %g, %v", got.total, got.rate, got.left, test.want.total, test.want.rate, test.want.left)
			}
		})
	}
}

// All workers together are what their slots are.
func TestTogether(t *testing.T) {
	s := sight{Run: &live.Run{Workers: []live.Worker{
		{Slots: 3, Running: 3, Queued: 7, Shares: live.Shares{Working: 1}},
		{Slots: 1, Running: 1, Shares: live.Shares{Reading: 0.25, Free: 0.75}},
		{Away: true, Running: 2, Shares: live.Shares{Waiting: 1}},
	}}}
	s.add()
	want := [len(activities)]float32{0.75, 0.0625, 0, 0, 0.1875}
	if s.all != want || s.running != 4 || s.queued != 7 || s.away != 1 || s.kept != 2 {
		t.Errorf("got %+v", s)
	}
	s = sight{Run: &live.Run{}}
	if s.add(); s.all != [len(activities)]float32{} {
		t.Errorf("without workers: %+v", s)
	}
}
