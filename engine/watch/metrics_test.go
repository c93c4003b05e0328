package watch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

func TestExposition(t *testing.T) {
	var x text
	x.one(counter, "jobs_total", "Jobs.", 20_000_000)
	x.family(gauge, "worker_slots", "Slots.")
	x.sample("worker_slots", 0.5, "worker", "a\"b\\c\nd\xff\u202e{}", "id", "7")
	const want = `# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total 2e+07
# HELP worker_slots Slots.
# TYPE worker_slots gauge
worker_slots{worker="a\"b\\c\nd` + "\uFFFD\u202e" + `{}",id="7"} 0.5
`
	if got := string(x.buf); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestMetrics(t *testing.T) {
	r := &live.Run{
		Began: time.UnixMilli(1_700_000_000_500), Read: 100, Ended: true, Done: 60, Failed: 3, Retried: 5, Waiting: 30,
		State: live.Stopping, Why: "finishing",
		Workers:  []live.Worker{{ID: 1, Name: "a", Slots: 4, Running: 4, Queued: 6, Done: 57, Failed: 8, Sent: 10, Received: 20}, {ID: 9, Name: "a", Away: true, Running: 2}},
		Slots:    4,
		Slow:     []live.Job{{For: 1500 * time.Millisecond}},
		Received: 20, Sent: 10, Held: 7,
	}
	r.Took.Add(time.Second, 2)
	r.Took.Add(100*time.Hour, 1)
	s := &sight{Run: r, total: 100}
	s.add()
	got := string(expose(s))
	for _, line := range []string{
		`jobpipe_run_start_time_seconds 1.7000000005e+09`,
		`jobpipe_run_state{state="running"} 0`,
		`jobpipe_run_state{state="stopping"} 1`,
		`jobpipe_run_held_up 1`,
		`jobpipe_jobs_read_total 100`,
		`jobpipe_input_ended 1`,
		`jobpipe_input_jobs 100`,
		`jobpipe_jobs_done_total 60`,
		`jobpipe_jobs_failed_total 3`,
		`jobpipe_attempts_retried_total 5`,
		`jobpipe_jobs_waiting 30`,
		`jobpipe_jobs_queued 6`,
		`jobpipe_jobs_running 4`,
		`jobpipe_jobs_away 2`,
		`jobpipe_longest_running_job_seconds 1.5`,
		`jobpipe_job_duration_seconds_bucket{le="0.5"} 0`,
		`jobpipe_job_duration_seconds_bucket{le="1"} 2`,
		`jobpipe_job_duration_seconds_bucket{le="21600"} 2`,
		`jobpipe_job_duration_seconds_bucket{le="+Inf"} 3`,
		`jobpipe_job_duration_seconds_sum 360002`,
		`jobpipe_job_duration_seconds_count 3`,
		`jobpipe_workers{state="connected"} 1`,
		`jobpipe_workers{state="away"} 1`,
		`jobpipe_received_bytes_total 20`,
		`jobpipe_results_held_bytes 7`,
		`jobpipe_worker_connected{worker="a",id="9"} 0`,
		`jobpipe_worker_jobs_answered_total{worker="a",id="1"} 57`,
		`jobpipe_worker_attempts_failed_total{worker="a",id="1"} 8`,
	} {
		if !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("there is no %s", line)
		}
	}
	// Each series is there once, below its family.
	seen, family := map[string]bool{}, ""
	for line := range strings.Lines(got) {
		if rest, is := strings.CutPrefix(line, "# TYPE "); is {
			family, _, _ = strings.Cut(rest, " ")
		}
		series, _, _ := strings.Cut(line, " ")
		if series == "#" {
			continue
		}
		if seen[series] || !strings.HasPrefix(series, family) {
			t.Errorf("%s is out of place", series)
		}
		seen[series] = true
	}
}

// What is asked of Prometheus does not grow with the number of workers for ever.
func TestSeriesAreBounded(t *testing.T) {
	r := &live.Run{Workers: make([]live.Worker, 3*mostSeries)}
	for i := range r.Workers {
		r.Workers[i] = live.Worker{ID: uint64(i), Name: fmt.Sprint("worker ", i), Slots: 1}
	}
	s := &sight{Run: r, total: -1}
	s.add()
	got := string(expose(s))
	if n := strings.Count(got, "\njobpipe_worker_slots{"); n != mostSeries {
		t.Errorf("%d workers", n)
	}
	if !strings.Contains(got, fmt.Sprintf("\njobpipe_workers{state=\"connected\"} %d\n", 3*mostSeries)) {
		t.Error("they are not all counted")
	}
	if strings.Contains(got, "jobpipe_input_jobs ") {
		t.Error("a total that is not known is told")
	}
}
