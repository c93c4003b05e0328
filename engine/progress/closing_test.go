package progress

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/jobpipe/jobpipe/engine/live"
)

func share(name string, done int64, busy, each float64) live.Share {
	worked := float64(done) * each
	return live.Share{Name: name, Done: done, Total: live.Total{Slots: worked / busy, Busy: worked / busy, Worked: worked}}
}

func together(all []live.Share) (t live.Total) {
	for _, s := range all {
		t.Add(s.Total)
	}
	return t
}

func TestClosing(t *testing.T) {
	near, far := share("near", 300, 0.98, 0.01), share("far", 200, 0.95, 0.01)
	slow := share("slow", 20, 0.99, 0.15)
	brakes := func(of map[live.Brake]float64) (b [live.Kinds]float64) {
		for k, s := range of {
			b[k] = s
		}
		return b
	}
	tests := []struct {
		name string
		c    live.Closing
		want string
	}{
		{"no jobs", live.Closing{Took: time.Second}, ""},
		{"a short one", live.Closing{Took: 12 * time.Millisecond, Done: 1, Joined: 1, Workers: []live.Share{near}, All: near.Total}, `
1 job in 12.0 ms
1 worker, busy 98 %`},
		{"failures", live.Closing{
			Took: 12345 * time.Millisecond, Done: 5000, Failed: 6, Retried: 1200, Left: 7,
			Causes: []live.Cause{{Why: "exit status 3", Count: 4}, {Why: "killed by signal 9 (SIGKILL)", Count: 1}, {Count: 1}},
			Joined: 2, Workers: []live.Share{far, near}, All: together([]live.Share{far, near}),
			Brakes: brakes(map[live.Brake]float64{live.Working: 0.6, live.Last: 0.25, live.Network: 0.1, live.Input: 0.045, live.Rate: 0.005}),
		}, `
5,000 jobs in 12.3 s (405/s), 6 failed, 1,200 tried again, 7 not done
failed: exit status 3 (4), killed by signal 9 (SIGKILL) (1), others (1)
2 workers, busy 97 % of the time: near 98 %, far 95 %
held back most by workers (the last jobs 25 %), 85 % of the time`},
		{"a slow worker", live.Closing{
			Took: 90 * time.Minute, Done: 520, Joined: 3, Workers: []live.Share{near, slow, far}, All: together([]live.Share{near, slow, far}),
			Brakes: brakes(map[live.Brake]float64{live.Absent: 0.9, live.Working: 0.1}),
		}, `
520 jobs in 90 min 0 s (5.8/min)
3 workers, busy 98 % of the time: slow 99 %, near 98 %, far 95 %
slowest: slow, 150 ms a job; the others took 10.0 ms
held back most by workers (none was there 90 %), 100 % of the time`},
		{"many", live.Closing{
			Took: 100 * time.Hour, Done: 520, Joined: 2000, Workers: []live.Share{near, share("idle", 5, 0.01, 0.011), far, near, far, share("half", 5, 0.5, 0.01)},
			All:    live.Total{Slots: 40, Worked: 16},
			Brakes: brakes(map[live.Brake]float64{live.Stdout: 0.5, live.Network: 0.2, live.Itself: 0.2, live.Input: 0.1}),
		}, `
520 jobs in 100 h 0 min (5.2/h)
2,000 workers, busy 40 %; most: near 98 %; least: half 50 %, idle 1 %
held back most by stdout, 50 % of the time; then network 20 %`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(Closing(&test.c), "\n")
			if want := strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// However long names and causes are, a line fits.
func TestClosingFits(t *testing.T) {
	long := strings.Repeat("名前", 60)
	c := live.Closing{Took: time.Hour, Done: 1 << 60, Failed: 1 << 60, Retried: 1 << 60, Left: 1 << 60, Joined: 1 << 40}
	for i := range 3 {
		c.Causes = append(c.Causes, live.Cause{Why: fmt.Sprint(i, long), Count: 1 << 60})
	}
	for i := range 40 {
		c.Workers = append(c.Workers, share(long, int64(i+1)<<40, 0.5, float64(i+1)))
	}
	c.All = together(c.Workers)
	for i := range c.Brakes {
		c.Brakes[i] = 1 / float64(live.Kinds)
	}
	for n := range c.Workers {
		c.Joined = n + 1
		for _, line := range Closing(&c) {
			if w := runewidth.StringWidth("jobpipe: " + line); w > 80 {
				t.Errorf("%d columns: %s", w, line)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.00 µs", 1500: "1.50 µs", 23450 * time.Microsecond: "23.4 ms", 999 * time.Millisecond: "999 ms",
		9 * time.Second: "9.00 s", 119 * time.Second: "119 s", 125 * time.Second: "2 min 5 s",
		119*time.Minute + 59*time.Second: "119 min 59 s", 2*time.Hour + 59*time.Second: "2 h 1 min",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
