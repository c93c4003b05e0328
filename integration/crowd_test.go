package integration

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jobpipe/jobpipe/integration/numbers"
)

// TestManyWorkers: a thousand workers at a time, all of which are served.
// JOBPIPE_LONG=1 makes it eight thousand.
func TestManyWorkers(t *testing.T) {
	const each = 20
	workers, most := 1000, int64(64<<20)
	if os.Getenv("JOBPIPE_LONG") == "1" {
		workers, most = 8*workers, 8*most
	}
	p := newPlace(t)
	c := p.start("c", "jobpipe -v -l unix:sock --listen-file addr <-")
	addr := p.address("addr")
	var all sync.WaitGroup
	var broken atomic.Int32
	for i := range workers {
		w, err := meet(addr, nil, helloOf(fmt.Sprint("w", i), 1))
		if err != nil {
			t.Fatalf("worker %d: %v", i, err)
		}
		all.Go(func() {
			if err := w.serve(); err != nil {
				broken.Add(1)
			}
		})
	}
	if err := numbers.Write(c.feed, workers*each); err != nil {
		t.Fatal(err)
	}
	if _, err := await(p.processes, p.abs("c.out"), func(text string) bool { return strings.Count(text, "\n") >= workers*each }); err != nil {
		t.Fatal(err)
	}
	if peak, err := peakOf(c.cmd.Process.Pid); err != nil || peak > most {
		t.Errorf("the coordinator has had %d MiB in memory (%v)", peak>>20, err)
	} else {
		t.Logf("the coordinator has had %d MiB in memory", peak>>20)
	}
	if n := broken.Load(); n > 0 {
		t.Errorf("%d workers were cut off; stderr of the coordinator:\n%s", n, c.stderr())
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.finish(c, 0)
	all.Wait()
	if err := numbers.NewTally(workers*each).Read(strings.NewReader(p.read("c.out")), workers*each); err != nil {
		t.Error(err)
	}
}
