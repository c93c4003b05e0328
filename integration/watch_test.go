package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// watched is where a process with --http can be watched.
func (p *place) watched(proc *process) (url string) {
	p.t.Helper()
	where := regexp.MustCompile(`to watch this run: (http://\S+)/\n`)
	text, err := await(p.processes, proc.log, where.MatchString)
	if err != nil {
		p.t.Fatal(err)
	}
	return where.FindStringSubmatch(text)[1]
}

// get is what is there.
func get(url string) (text string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err == nil && got.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", got.Status, body)
	}
	return string(body), err
}

// figure is one of the figures at /metrics.
func figure(metrics, series string) (float64, error) {
	_, rest, found := strings.Cut(metrics, "\n"+series+" ")
	if !found {
		return 0, fmt.Errorf("there is no %s in:\n%s", series, metrics)
	}
	value, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseFloat(value, 64)
}

// figures waits for figures of a run to have values.
func (p *place) figures(url string, want map[string]float64) {
	p.t.Helper()
	var wrong error
	if !eventually(p.processes, func() bool {
		var metrics string
		if metrics, wrong = get(url + "/metrics"); wrong != nil {
			return false
		}
		for series, value := range want {
			var got float64
			if got, wrong = figure(metrics, series); wrong != nil {
				return false
			}
			if got != value {
				wrong = fmt.Errorf("%s is %g, want %g", series, got, value)
				return false
			}
		}
		return true
	}) {
		p.t.Fatal(wrong, tell(p.processes))
	}
}

// TestWatchedRun: the figures are those of the run, and go away with it.
func TestWatchedRun(t *testing.T) {
	p := newPlace(t)
	p.write("job", "read -r n\necho $n\nuntil test -e go-$n; do sleep 0.01; done\ntest $n != 3\n")
	c := p.start("c", "jobpipe --http 0 -j 2 --retries 1 -- sh job <-")
	url := p.watched(c)
	p.figures(url, map[string]float64{"jobpipe_jobs_read_total": 0, "jobpipe_run_held_up": 1, "jobpipe_slots": 2})
	if _, err := c.feed.WriteString("1\n2\n3\n4\n"); err != nil {
		t.Fatal(err)
	}
	p.figures(url, map[string]float64{
		"jobpipe_jobs_read_total": 4, "jobpipe_jobs_running": 2, "jobpipe_jobs_waiting": 2, "jobpipe_jobs_done_total": 0,
		"jobpipe_run_held_up": 0, "jobpipe_input_ended": 0, `jobpipe_workers{state="connected"}`: 1,
	})
	for _, n := range []string{"1", "2", "3"} {
		p.write("go-"+n, "")
	}
	p.figures(url, map[string]float64{
		"jobpipe_jobs_done_total": 3, "jobpipe_jobs_failed_total": 1, "jobpipe_attempts_retried_total": 1,
		"jobpipe_jobs_running": 1, "jobpipe_job_duration_seconds_count": 4,
	})
	if text, err := get(url + "/healthz"); text != "running\n" {
		t.Errorf("its health is %q (%v)", text, err)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.figures(url, map[string]float64{"jobpipe_input_ended": 1, "jobpipe_input_jobs": 4})
	p.write("go-4", "")
	p.finish(c, 1)
	if text, err := get(url + "/healthz"); err == nil {
		t.Errorf("after the run there is %q", text)
	}
}

// TestWatchedWhileStdoutIsBlocked: who waits for its reader can be watched.
func TestWatchedWhileStdoutIsBlocked(t *testing.T) {
	p := newPlace(t)
	const jobs = 200
	c := p.start("c", "jobpipe --http 0 -j 2 --buffer 1MiB -- head -c 65536 /dev/zero <- >-")
	url := p.watched(c)
	if _, err := c.feed.WriteString(strings.Repeat("x\n", jobs)); err != nil {
		t.Fatal(err)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.figures(url, map[string]float64{"jobpipe_run_held_up": 1})
	if text, err := get(url + "/healthz"); text != "running\n" {
		t.Errorf("its health is %q (%v)", text, err)
	}
	var results bytes.Buffer
	if err := c.take(&results, -1); err != nil {
		t.Fatal(err)
	}
	p.finish(c, 0)
	if want := jobs * (65536 + 1); results.Len() != want {
		t.Errorf("%d bytes of results, want %d", results.Len(), want)
	}
}
