package live

import (
	"strings"
	"testing"
	"time"
)

func TestWhy(t *testing.T) {
	busy := func(mod func(*Run, *Facts)) (Run, Facts) {
		r := Run{State: Going, Read: 100, Done: 10, Running: 4, Waiting: 86, Slots: 4, Workers: make([]Worker, 2)}
		f := Facts{Met: true, Taking: 2}
		mod(&r, &f)
		return r, f
	}
	long := []Job{{Seq: 17, Count: 1, Worker: "a", For: 3 * time.Minute}}
	tests := []struct {
		name string
		mod  func(*Run, *Facts)
		want string
	}{
		{"all is well", func(*Run, *Facts) {}, ""},
		{"over", func(r *Run, f *Facts) { r.State, f.Stuck = Over, time.Hour }, ""},
		{"no input", func(r *Run, _ *Facts) { r.Running, r.Waiting = 0, 0 }, "waiting for input"},
		{"little input", func(r *Run, _ *Facts) { r.Running, r.Waiting = 3, 0 }, "waiting for more input: there are slots without a job"},
		{"no more than the slots do", func(r *Run, _ *Facts) { r.Waiting = 0 }, ""},
		{"no more input", func(r *Run, _ *Facts) { r.Running, r.Waiting, r.Ended = 3, 0, true }, ""},
		{"no worker yet", func(r *Run, f *Facts) { r.Workers, f.Met = nil, false }, "waiting for workers: none has come"},
		{"no worker at an address yet", func(r *Run, f *Facts) { r.Workers, f.Met, f.Where = nil, false, ":9000" },
			"waiting for workers: none has come to :9000"},
		{"no worker any more", func(r *Run, _ *Facts) { r.Workers = nil }, "waiting for workers: all have left"},
		{"one away", func(r *Run, f *Facts) { r.Workers, f.Away = r.Workers[:1], 1 },
			"waiting for 1 worker to come back; what they have is kept for them"},
		{"workers that are busy with others' work", func(r *Run, f *Facts) { r.Running, f.Taking = 0, 0 },
			"waiting for workers: none takes jobs for now"},
		{"stdout", func(_ *Run, f *Facts) { f.Stuck = 12 * time.Second }, "waiting for stdout, which has taken nothing for 12 s"},
		{"a slow moment of stdout", func(_ *Run, f *Facts) { f.Stuck = time.Second }, ""},
		{"a full disk", func(_ *Run, f *Facts) { f.NoRoom = true },
			"waiting for room on the disk of the temporary file; no more jobs are begun until there is some"},
		{"a signal", func(r *Run, _ *Facts) { r.State = Stopping }, "finishing what runs, and taking no more jobs"},
		{"the rate", func(r *Run, f *Facts) { f.ByRate, r.Running = true, 1 }, "waiting for --rate to allow more jobs"},
		{"the rate is more than the slots do", func(_ *Run, f *Facts) { f.ByRate = true }, ""},
		{"a long job amid others", func(r *Run, _ *Facts) { r.Slow = long }, ""},
		{"the last job", func(r *Run, _ *Facts) { r.Slow, r.Ended, r.Running, r.Waiting = long, true, 1, 0 },
			"waiting for the last job: job 17 has run for 3 min on a"},
		{"the job that all others wait for", func(r *Run, f *Facts) { r.Slow, f.Holding = long, 17 },
			"job 17 has run for 3 min on a; results behind it wait for it (-k)"},
		{"a range that holds it", func(r *Run, f *Facts) {
			r.Slow, f.Holding = []Job{{Seq: 10, Count: 100, Worker: "a", For: time.Minute}}, 17
		}, "job 17 has run for 1 min on a; results behind it wait for it (-k)"},
		{"the last jobs of a filter", func(r *Run, _ *Facts) {
			r.Slow = []Job{{Seq: 5, Count: 2, Worker: "a", For: 2 * time.Hour}}
			r.Ended, r.Running, r.Waiting = true, 2, 0
		}, "waiting for the last 2 jobs: jobs 5 to 6 have run for 2 h on a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, f := busy(test.mod)
			r.Explain(f)
			if r.Why != test.want {
				t.Errorf("got  %q\nwant %q", r.Why, test.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 59900 * time.Millisecond: "59 s", time.Minute: "1 min", 3661 * time.Second: "1 h 1 min",
		2 * time.Hour: "2 h", 49*time.Hour + 5*time.Minute: "49 h",
	} {
		if got := Words(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestRecent(t *testing.T) {
	var r Recent
	for i := range uint64(2*MostFailures + 1) {
		r.Add(Failure{Seq: i})
	}
	all := r.All()
	if len(all) != MostFailures || all[0].Seq != 2*MostFailures || all[MostFailures-1].Seq != MostFailures+1 {
		t.Errorf("%d failures, from %d to %d", len(all), all[0].Seq, all[len(all)-1].Seq)
	}
}

func TestBounds(t *testing.T) {
	if got := Beginning([]byte("a job\n"), '\n'); got != "a job" {
		t.Errorf("got %q", got)
	}
	if got := Beginning([]byte(strings.Repeat("x", MostText+1)), '\n'); got != strings.Repeat("x", MostText)+"…" {
		t.Errorf("got %q", got)
	}
	if got := Tail([]byte("head" + strings.Repeat("x", MostStderr))); len(got) != MostStderr || got[0] != 'x' {
		t.Errorf("got %q", got)
	}
	var d Durations
	d.Add(Bounds[0], 2)
	d.Add(Bounds[0]+1, 3)
	d.Add(1000*time.Hour, 1)
	if d.Count[0] != 2 || d.Count[1] != 3 || d.Count[len(Bounds)] != 1 || d.Sum != 5*Bounds[0]+3+1000*time.Hour {
		t.Errorf("got %+v", d)
	}
}
