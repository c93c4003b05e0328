package watch

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/jobpipe/jobpipe/engine/live"
)

func metricsOf(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tolerance)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("%s, %s (%v)", got.Status, got.Header.Get("Content-Type"), err)
	}
	return string(text)
}

// lint has the linter of Prometheus look at figures.
func lint(t *testing.T, text string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// The figures are what Prometheus reads, and follow its conventions, whatever
// workers are called.
func TestMetrics(t *testing.T) {
	run := busy(3)
	run.Workers[0].Name = "a \"b\\c\nd\x00\xff{}=,# \u2028"
	run.Workers[1].Name = ""
	run.Workers[2].Name = run.Workers[0].Name
	run.Took.Add(0, 3)
	f := pretend(t, "0", run)
	lint(t, metricsOf(t, f.server.URL()))
	f.size = 7
	f.change(func(r *live.Run) { *r = live.Run{State: live.Over} })
	lint(t, metricsOf(t, f.server.URL()))
}

func TestMetricsOfARealRun(t *testing.T) {
	stdin, feed := pipe(t)
	c := start(t, t.TempDir(), stdin, nil, "jobpipe", "--http", "0", "-j", "2", "--", "sh", "-c", "read -r x; test $x != 2")
	url := c.url(t)
	feed.WriteString("1\n2\n3\n")
	text := eventually(t, c, func() string {
		text := metricsOf(t, url)
		if !strings.Contains(text, "\njobpipe_jobs_done_total 3\n") {
			return ""
		}
		return text
	})
	lint(t, text)
	feed.Close()
	c.finish(t, 1)
}
