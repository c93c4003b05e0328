package watch

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/message"
)

// tolerance is longer than anything takes, even if the machine stands still for a while.
const tolerance = 2 * time.Minute

// strip2 is two seconds of a lane.
var strip2 = []live.Shares{{}, {Working: 0.25, Reading: 0.25, Writing: 0.5}}

// A rig is a server on loopback, and the run that it shows.
type rig struct {
	*Server
	t     *testing.T
	run   atomic.Pointer[live.Run] // nil: the event loop does not answer
	asked atomic.Int32             // for a snapshot
}

func start(t *testing.T) *rig {
	t.Helper()
	s, err := Open("0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Server: s, t: t}
	r.run.Store(&live.Run{Began: time.Now().Add(-time.Minute), At: time.Minute, State: live.Going})
	s.Serve(Config{
		Snapshot: func(ctx context.Context) (*live.Run, error) {
			r.asked.Add(1)
			if run := r.run.Load(); run != nil {
				return run, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		},
		Strips: func(_ context.Context, ids []uint64) (map[uint64][]live.Shares, error) {
			strips := map[uint64][]live.Shares{}
			for _, id := range ids {
				strips[id] = strip2
			}
			return strips, nil
		},
		Input: func() int64 { return -1 },
		Log:   message.New("jobpipe", message.Verbose, func(line []byte) { t.Logf("%s", line) }),
	})
	t.Cleanup(func() { s.Close(nil) })
	return r
}

// ask sends a request, changed by mod unless that is nil.
func (r *rig) ask(method, path string, mod func(*http.Request)) (*http.Response, string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tolerance)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.URL(), "/")+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if mod != nil {
		mod(req)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return got, string(body)
}

func (r *rig) get(path string) (status int, body string) {
	r.t.Helper()
	got, body := r.ask("GET", path, nil)
	return got.StatusCode, body
}
