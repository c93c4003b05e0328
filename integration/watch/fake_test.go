package watch

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/watch"
)

// A fake is a run that is made up.
type fake struct {
	t      *testing.T
	server *watch.Server

	mu   sync.Mutex
	run  live.Run // guarded by mu
	size int64    // of its input
}

func pretend(t *testing.T, addr string, run live.Run) *fake {
	t.Helper()
	s, err := watch.Open(addr)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, server: s, run: run, size: -1}
	if f.run.Began.IsZero() {
		f.run.Began = time.Now().Add(-f.run.At)
	}
	s.Serve(watch.Config{
		Snapshot: func(context.Context) (*live.Run, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			run := f.run
			run.At = time.Since(run.Began)
			return &run, nil
		},
		Strips: func(_ context.Context, ids []uint64) (map[uint64][]live.Shares, error) {
			all := map[uint64][]live.Shares{}
			for _, id := range ids {
				all[id] = strip(id)
			}
			return all, nil
		},
		Input: func() int64 {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.size
		},
		Log: message.New("jobpipe", message.Verbose, func(line []byte) { t.Logf("%s", line) }),
	})
	t.Cleanup(func() { s.Close(nil) })
	return f
}

// change changes the run.
func (f *fake) change(mod func(*live.Run)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	mod(&f.run)
}

// strip is a lane in which there is some of everything.
func strip(id uint64) (strip []live.Shares) {
	for i := range live.Cells {
		switch (i + 7*int(id)) % 20 {
		case 0:
			strip = append(strip, live.Shares{})
		case 1, 2, 3:
			strip = append(strip, live.Shares{Working: 0.4, Free: 0.6})
		case 4:
			strip = append(strip, live.Shares{Writing: 0.5, Waiting: 0.5})
		case 5, 6:
			strip = append(strip, live.Shares{Working: 0.5, Reading: 0.2, Writing: 0.2, Waiting: 0.1})
		default:
			strip = append(strip, live.Shares{Working: 0.9, Reading: 0.05, Writing: 0.05})
		}
	}
	return strip
}

// busy is a run amid its jobs, with so many workers.
func busy(workers int) live.Run {
	run := live.Run{
		At: 3 * time.Minute, Read: 40_000, Bytes: 400_000, Done: 31_000, Failed: 3, Retried: 12, Running: int64(4 * workers), Waiting: 900,
		State: live.Going, Slots: 4 * workers, Received: 123 << 20, Sent: 45 << 20, Held: 3 << 20, Strip: strip(0),
	}
	for i := range workers {
		working := float32((i*37+11)%100) / 100
		run.Workers = append(run.Workers, live.Worker{
			ID: uint64(i + 1), Name: fmt.Sprintf("node-%04d", i+1), Addr: fmt.Sprintf("192.0.2.%d:%d", i%256, 40000+i),
			Slots: 4, Running: 4, Queued: i % 7, Done: int64(i * 53 % 997), Failed: int64((i + 1) % 5),
			Shares: live.Shares{Working: working, Free: 1 - working},
		})
	}
	for i := range min(live.MostSlow, 4*workers) {
		run.Slow = append(run.Slow, live.Job{
			Seq: uint64(30_000 - i), Count: 1, Text: fmt.Sprintf("https://www.example.org/archive/page-%05d.html", 30_000-i),
			Worker: run.Workers[i%workers].Name, For: time.Duration(100-7*i) * time.Second,
		})
	}
	for i := range 3 {
		run.Failures = append(run.Failures, live.Failure{
			Seq: uint64(29_000 - 1000*i), Text: fmt.Sprintf("https://www.example.org/archive/page-%05d.html", 29_000-1000*i), Worker: "node-0001",
			Cause: "exit status 22", Stderr: strings.Repeat("curl: (22) The requested URL returned error: 404\n", i),
			At: time.Duration(170-20*i) * time.Second,
		})
	}
	return run
}
