package integration

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// ran is what the trace in a file says of each job: the events that cover it, by
// category, those that took time counted once.
func ran(t *testing.T, path string) (jobs map[uint64]map[string]int, rows map[string]bool) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	jobs, rows = map[uint64]map[string]int{}, map[string]bool{}
	worker := map[uint64]string{}
	for e, err := range trace.Read(file) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Name == "process_name" {
			worker[e.Process] = e.Args.Name
		}
		if e.Name == "thread_name" && e.Process != 0 {
			name, _, _ := strings.Cut(worker[e.Process], " (")
			rows[name+" "+e.Args.Name] = true
		}
		if e.Phase == trace.Metadata || e.Phase == trace.End {
			continue
		}
		for seq := e.Args.Seq; seq < e.Args.Seq+e.Args.Count; seq++ {
			if jobs[seq] == nil {
				jobs[seq] = map[string]int{}
			}
			jobs[seq][e.Category]++
		}
	}
	return jobs, rows
}

// addsUp checks that in the trace in a file each job goes from stage to stage, and that
// no slot is at two things at a time.
func addsUp(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	type stretch struct{ from, to int64 }
	jobs := map[uint64]map[string]stretch{} // of the last attempt
	rows := map[string][]stretch{}
	var begun trace.Event
	for e, err := range trace.Read(file) {
		if err != nil {
			t.Fatal(err)
		}
		var s stretch
		switch e.Phase {
		case trace.Begin:
			begun = e
			continue
		case trace.End:
			s = stretch{begun.Time, e.Time}
			e = begun
		case trace.Complete:
			s = stretch{e.Time, e.Time + e.Took}
			row := fmt.Sprint(e.Process, " ", e.Thread)
			rows[row] = append(rows[row], s)
		case trace.Instant:
			s = stretch{e.Time, e.Time}
		default:
			continue
		}
		for seq := e.Args.Seq; seq < e.Args.Seq+e.Args.Count; seq++ {
			if jobs[seq] == nil {
				jobs[seq] = map[string]stretch{}
			}
			jobs[seq][e.Category] = s
		}
	}
	for seq, stages := range jobs {
		until := int64(0)
		for _, name := range []string{trace.Queued, trace.Sent, trace.Running, trace.Answered, trace.Written} {
			if s := stages[name]; s.from < until || s.to < s.from {
				t.Errorf("job %d is %s from %d to %d, and what was before lasts until %d: %v", seq, name, s.from, s.to, until, stages)
			}
			until = stages[name].to
		}
	}
	for row, list := range rows {
		slices.SortFunc(list, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		for i := 1; i < len(list); i++ {
			if list[i].from < list[i-1].to {
				t.Errorf("row %s is at work from %d to %d, and from %d on", row, list[i-1].from, list[i-1].to, list[i].from)
			}
		}
	}
}

func TestTrace(t *testing.T) {
	for _, test := range []struct{ name, flags string }{{"processes", ""}, {"lines", "--lines "}} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t)
			p.write("jobs", strings.Repeat("x\n", 300))
			c := p.start("c", "jobpipe --trace run.json -l 127.0.0.1:0 --listen-file addr <jobs")
			addr := p.address("addr")
			// No job is done before both work.
			p.write("job", "echo >$JOBPIPE_WORKER-works\nuntil test -e go; do sleep 0.01; done\nexec cat\n")
			one := p.start("one", "jobpipe-worker -c "+addr+" --name one -j 1 "+test.flags+"-- sh job")
			two := p.start("two", "jobpipe-worker -c "+addr+" --name two -j 2 "+test.flags+"-- sh job")
			for _, name := range []string{"one-works", "two-works"} {
				if _, err := await(p.processes, p.abs(name), func(text string) bool { return text != "" }); err != nil {
					t.Fatal(err)
				}
			}
			p.write("go", "")
			p.finish(c, 0)
			p.finish(one, 0)
			p.finish(two, 0)
			jobs, rows := ran(t, p.abs("run.json"))
			for row := range rows {
				if !strings.Contains(" one slot 1 two slot 1 two slot 2 ", " "+row+" ") {
					t.Errorf("there is a row %q", row)
				}
			}
			for seq := uint64(1); seq <= 300; seq++ {
				for _, stage := range []string{"queued", "sent", "running", "answered", "written"} {
					n := jobs[seq][stage]
					if n == 0 || n > 1 && stage != "queued" && stage != "sent" { // what was given back is sent again
						t.Fatalf("job %d was %d times %s", seq, n, stage)
					}
				}
			}
			if len(jobs) != 300 {
				t.Errorf("there are %d jobs", len(jobs))
			}
			addsUp(t, p.abs("run.json"))
		})
	}
}

// A coordinator that is killed leaves what it had written.
func TestTraceOfAKilledRun(t *testing.T) {
	p := newPlace(t)
	c := p.start("c", "jobpipe --trace run.json -j 1 -- cat <-")
	if _, err := c.feed.WriteString("a\nb\n"); err != nil {
		t.Fatal(err)
	}
	_, err := await(p.processes, p.abs("run.json"), func(text string) bool {
		return strings.Count(text, `"name":"written","cat"`) == 2
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Process.Signal(syscall.SIGKILL)
	p.finish(c, 137)
	if jobs, _ := ran(t, p.abs("run.json")); jobs[1]["running"] != 1 || jobs[2]["running"] != 1 {
		t.Errorf("%v", jobs)
	}
}
