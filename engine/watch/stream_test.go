package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

// A reader is a page without a browser.
type reader struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Scanner
}

func (r *rig) page(query string) *reader {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tolerance)
	r.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", r.URL()+"live?"+query, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { got.Body.Close() })
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("%s, %s", got.Status, got.Header.Get("Content-Type"))
	}
	in := bufio.NewScanner(got.Body)
	in.Buffer(nil, 1<<20)
	return &reader{r.t, got.Body, in}
}

// next is the next event, or "" after the last.
func (p *reader) next() (event string, m moment) {
	p.t.Helper()
	var lines []string
	for p.in.Scan() && p.in.Text() != "" {
		lines = append(lines, p.in.Text())
	}
	if len(lines) == 0 {
		return "", m
	}
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "event: ") || !strings.HasPrefix(lines[1], "data: ") {
		p.t.Fatalf("not an event: %q", lines)
	}
	if err := json.Unmarshal([]byte(lines[1][len("data: "):]), &m); err != nil {
		p.t.Fatal(err)
	}
	return lines[0][len("event: "):], m
}

func TestStream(t *testing.T) {
	r := start(t)
	run := live.Run{
		Began: time.UnixMilli(1_700_000_000_000), At: time.Minute, State: live.Going, Why: "waiting for <b>", Read: 10, Done: 5, Failed: 1, Slots: 3, Strip: strip2,
		Workers: []live.Worker{
			{ID: 1, Name: "<a>", Slots: 2, Running: 2, Queued: 4, Done: 4, Failed: 1, Shares: live.Shares{Working: 1}},
			{ID: 5, Name: "b\u2028\"", Addr: "192.0.2.1:4000", Slots: 1, Shares: live.Shares{Free: 1}},
		},
		Slow:     []live.Job{{Seq: 9, Count: 1, Text: "</script>\xff\x00\n", Worker: "<a>", For: 1500 * time.Millisecond}},
		Failures: []live.Failure{{Seq: 3, Text: "<i>", Worker: "b", Cause: "exit status 1", Stderr: "event: over\n\ndata: {}\n", At: 2 * time.Second}},
	}
	r.run.Store(&run)
	p := r.page("by=idle")
	event, m := p.next()
	if event != "moment" || m.Began != 1_700_000_000_000 || m.At != 60 || m.State != "running" || m.Why != "waiting for <b>" ||
		m.Done != 5 || m.Total != -1 || m.Running != 2 || m.Queued != 4 || m.Workers != 2 || m.Match != 2 || m.Working != 67 || m.Left != -1 {
		t.Errorf("%s: %+v", event, m)
	}
	if len(m.Rows) != 2 || m.Rows[0].Name != "b\u2028\"" || m.Rows[1].Name != "<a>" || m.Rows[1].Working != 100 {
		t.Errorf("rows: %+v", m.Rows)
	}
	if want := fmt.Sprint(strip{0, 0, 0, 0, 0, 25, 25, 50, 0, 0}); fmt.Sprint(m.All) != want || fmt.Sprint(m.Rows[0].Strip) != want {
		t.Errorf("strips: %v, %v", m.All, m.Rows[0].Strip)
	}
	if len(m.Slow) != 1 || m.Slow[0] != (slow{9, 1, "</script>\uFFFD\x00\n", "<a>", 1.5}) {
		t.Errorf("slow: %+v", m.Slow)
	}
	if len(m.Failures) != 1 || m.Failures[0] != (failure{3, "<i>", "b", "exit status 1", "event: over\n\ndata: {}\n", 2}) {
		t.Errorf("failures: %+v", m.Failures)
	}

	// What is known is not sent again.
	if event, m = p.next(); event != "moment" || m.Failures != nil || m.Failed != 1 {
		t.Errorf("%s: %+v", event, m)
	}
	more := run
	more.Failures = append([]live.Failure{{Seq: 4}}, run.Failures...)
	r.run.Store(&more)
	for len(m.Failures) != 2 {
		if event, m = p.next(); event != "moment" {
			t.Fatalf("%q instead of the failures", event)
		}
	}

	last := more
	last.State, last.Why = live.Over, "stopped by --halt"
	r.Close(&last)
	for event == "moment" {
		event, m = p.next()
	}
	if event != "over" || m.State != "over" || m.Why != "stopped by --halt" {
		t.Errorf("the last is %s: %+v", event, m)
	}
	if event, _ = p.next(); event != "" {
		t.Errorf("and then %s", event)
	}
}

// A run that ends without a word, because its end could not be seen, is not said to
// be over.
func TestStreamIsCut(t *testing.T) {
	r := start(t)
	p := r.page("")
	p.next()
	r.Close(nil)
	for event := "moment"; event != ""; {
		if event, _ = p.next(); event == "over" {
			t.Error("it is said to be over")
		}
	}
}

func TestBadQuery(t *testing.T) {
	r := start(t)
	if status, body := r.get("/live?by=<script>"); status != 400 || !strings.Contains(body, "cannot be put in order by") {
		t.Errorf("%d %q", status, body)
	}
	if got, body := r.ask("HEAD", "/live", nil); got.StatusCode != 200 || body != "" {
		t.Errorf("HEAD: %s %q", got.Status, body)
	}
}

// There is a place for so many, and who leaves makes room.
func TestPagesAreBounded(t *testing.T) {
	r := start(t)
	var first *reader
	for range mostPages {
		p := r.page("")
		p.next()
		if first == nil {
			first = p
		}
	}
	if status, body := r.get("/live"); status != 503 || !strings.Contains(body, "too many") {
		t.Errorf("one more: %d %q", status, body)
	}
	if status, _ := r.get("/healthz"); status != 200 {
		t.Errorf("its health: %d", status)
	}
	first.body.Close()
	for deadline := time.Now().Add(tolerance); len(r.pages) == mostPages; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("who leaves makes no room")
		}
	}
	r.page("").next()
}

// Who reads nothing does not keep the run from ending.
func TestCloseDoesNotWait(t *testing.T) {
	r := start(t)
	run := live.Run{State: live.Going}
	for i := range live.MostFailures {
		run.Failures = append(run.Failures, live.Failure{Seq: uint64(i), Stderr: strings.Repeat("x", live.MostStderr)})
	}
	r.run.Store(&run)
	p := r.page("") // of which no byte is read
	for deadline := time.Now().Add(tolerance); len(r.pages) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	closed := make(chan struct{})
	go func() {
		r.Close(&live.Run{State: live.Over})
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(tolerance):
		t.Error("it waits")
	}
	p.body.Close()
}

// What a page gets has a bound, whatever the run is.
func TestMomentsAreBounded(t *testing.T) {
	run := live.Run{State: live.Going, Workers: make([]live.Worker, 10_000), Strip: make([]live.Shares, live.Cells)}
	strips := map[uint64][]live.Shares{}
	for i := range run.Workers {
		id := uint64(i + 1)
		run.Workers[i] = live.Worker{ID: id, Name: strings.Repeat("\u2028", 85), Addr: "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"}
		strips[id] = make([]live.Shares, live.Cells)
	}
	for range live.MostSlow {
		run.Slow = append(run.Slow, live.Job{Text: strings.Repeat("<", live.MostText), Worker: strings.Repeat("\u2028", 85)})
	}
	for range live.MostFailures {
		run.Failures = append(run.Failures, live.Failure{
			Text: strings.Repeat("<", live.MostText), Stderr: strings.Repeat("\x00", live.MostStderr), Worker: strings.Repeat("\u2028", 85),
		})
	}
	m := momentOf(&sight{Run: &run}, choice{by: "joined"})
	m.draw(strips)
	size := func() int {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return len(data)
	}
	if n := size(); n > 64<<10 {
		t.Errorf("a moment is of %d bytes", n)
	}
	m.Failures = failuresOf(&sight{Run: &run})
	if n := size(); n > 2<<20 {
		t.Errorf("a moment with failures is of %d bytes", n)
	}
}
