package integration

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/integration/numbers"
)

// TestManySmallJobs sends ten million jobs through one coordinator, which must
// give each result exactly once and not grow. JOBPIPE_LONG=1 makes it a hundred
// million.
func TestManySmallJobs(t *testing.T) {
	jobs := 10_000_000
	if os.Getenv("JOBPIPE_LONG") == "1" {
		jobs *= 10
	}
	const most = 40 << 20 // bytes of memory
	p := newPlace(t)
	c := p.start("c", "jobpipe -l unix:sock --listen-file addr <- >-")
	worker, err := meet(p.address("addr"), nil, helloOf("quick", 1000))
	if err != nil {
		t.Fatal(err)
	}
	_ = worker.conn.SetDeadline(time.Time{})
	worked := make(chan error, 1)
	go func() { worked <- worker.serve() }()

	began := time.Now()
	limit := began.Add(deadline + time.Duration(jobs)*20*time.Microsecond)
	_ = c.feed.SetWriteDeadline(limit)
	_ = c.drain.SetReadDeadline(limit)
	fed := make(chan error, 1)
	go func() { fed <- numbers.Write(c.feed, jobs) }()
	tally := numbers.NewTally(jobs)
	if err := tally.Read(c.drain, jobs); err != nil {
		t.Fatalf("%v; stderr of the coordinator:\n%s", err, c.stderr())
	}
	t.Logf("%d jobs in %.1f s", jobs, time.Since(began).Seconds())

	// All are done, and it still waits for more: nothing of its peak is missed.
	got, err := peakOf(c.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the coordinator has had %d MiB in memory", got>>20)
	if got > most {
		t.Errorf("the coordinator has had %d MiB in memory, more than %d", got>>20, most>>20)
	}
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c.drain); err != nil || len(rest) > 0 {
		t.Errorf("after all results came %q (%v)", rest, err)
	}
	p.finish(c, 0)
	if err := <-worked; err != nil {
		t.Error(err)
	}
}
