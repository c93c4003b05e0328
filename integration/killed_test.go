package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/journal"
)

// TestKilledAtAnyTime kills the coordinator at random times, and runs the same
// command line again, until all is done. What the journal had by then is never
// run again. With JOBPIPE_LONG=1 it is killed a thousand times.
func TestKilledAtAnyTime(t *testing.T) {
	kills := 10
	if os.Getenv("JOBPIPE_LONG") == "1" {
		kills = 1000
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	for killed, round := 0, 0; killed < kills; round++ {
		p := newPlace(t)
		var jobs []byte
		for i := range 150 {
			jobs = fmt.Appendf(jobs, "job %d\n", i)
			if i%40 == 3 {
				jobs = fmt.Appendf(jobs, "exit=%d\n", i)
			}
		}
		p.write("jobs", string(jobs))
		order := ""
		if round%2 == 0 {
			order = "-k "
		}
		format := []string{"--format jsonl", "--format text", "--tag"}[round%3]
		line := "jobpipe -q -j 3 " + order + format + " --journal j --failed failed -- job <jobs >>results"
		// A life that ends before it has got anywhere is followed by a longer one,
		// else a slow machine would never be done.
		longest, got := 200*time.Millisecond, uint64(0)
		for n := 0; ; n++ {
			before, had := map[int]int{}, got
			done := journalOf(t, p)
			if done != nil {
				before, got = must(begunIn(p.abs(executions))), done.Count()
			}
			if n > 0 && got == had {
				longest *= 2
			}
			c := p.start(fmt.Sprintf("c%d", n), line)
			over := false
			select {
			case <-c.ended:
				over = true
			case <-time.After(20*time.Millisecond + time.Duration(rnd.Int64N(int64(longest)))):
				c.kill()
				killed++
			}
			after := map[int]int{}
			if data, err := os.ReadFile(p.abs(executions)); err == nil && len(data) > 0 {
				after = must(begunIn(p.abs(executions)))
			}
			for seq, times := range before {
				if in, _ := done.At(uint64(seq)); in && after[seq] != times {
					t.Fatalf("job %d was done by the journal, and run again", seq)
				}
			}
			if over {
				p.finish(c, 1)
				break
			}
		}
		v := judge(recordsOf(jobs), recordsOf([]byte(p.read("failed"))), []byte(textOf(t, p.read("results"), format)), must(begunIn(p.abs(executions))))
		v.Rerun = nil
		if order == "" {
			v.Disorder = nil
		}
		if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", verdict{}) {
			t.Fatalf("round %d: %+v", round, v)
		}
	}
}

// journalOf returns the jobs that are done by the journal, nil where there is none.
func journalOf(t *testing.T, p *place) *journal.Set {
	t.Helper()
	data, err := os.ReadFile(p.abs("j"))
	if err != nil || len(data) == 0 {
		return nil
	}
	h, err := journal.Replay(data)
	if err != nil {
		t.Fatal(err)
	}
	if h.Done.Count() == 0 {
		return nil
	}
	return &h.Done
}
