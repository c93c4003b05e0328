//go:build linux

// Command scale shows what jobpipe costs as the work grows: many slots, more and
// more jobs, more and more workers, several coordinators. The coordinator is the real
// one; the workers are connections of this process, speak the protocol, and run
// nothing: a job is over when its time has passed.
//
// It needs a descriptor for each worker (ulimit -n). Where others use the
// machine too, the first table wants a priority: chrt -f 5 bin/scale -only slots.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "slots,jobs,workers,crowd,coordinators", "make these tables")
	runs := flag.Int("runs", 3, "run each trial so often, and show the one of median time")
	most := flag.Int("jobs", 100_000_000, "go up to so many jobs")
	program := flag.String("program", "bin/jobpipe", "the coordinator")
	crowd := flag.Int("workers", 10_000, "go up to so many workers")
	flag.Parse()
	for _, t := range tables(*most, *crowd) {
		if !slices.Contains(strings.Split(*only, ","), t.name) {
			continue
		}
		check(t.print(*program, *runs))
	}
	if slices.Contains(strings.Split(*only, ","), "crowd") {
		check(printCrowds(*program, crowds(*crowd, min(*most, 20**crowd))))
	}
	if slices.Contains(strings.Split(*only, ","), "coordinators") {
		check(printDealings(*program, dealings(*most, *crowd)))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// crowds is one that is left alone and one that is cut, without and with a key.
func crowds(workers, jobs int) (list []crowd) {
	for _, keyed := range []bool{false, true} {
		for _, cut := range []bool{false, true} {
			list = append(list, crowd{workers, jobs, time.Second, keyed, cut})
		}
	}
	return list
}

// A table is trials that differ in one thing.
type table struct {
	name   string
	title  string
	trials []trial
}

func tables(most, crowd int) []table {
	slots := table{"slots", "1,000 slots on 10 workers, jobs of 10 ms", []trial{{min(most, 1_000_000), 10, 100, 10 * time.Millisecond}}}
	jobs := table{"jobs", "more jobs, of no time, on 10 workers of 100 slots", nil}
	for n := 100_000; n <= most; n *= 10 {
		jobs.trials = append(jobs.trials, trial{n, 10, 100, 0})
	}
	workers := table{"workers", "more workers of one slot, jobs of 10 ms", nil}
	for n := 1; n <= crowd; n *= 10 {
		workers.trials = append(workers.trials, trial{min(500*n, 500_000), n, 1, 10 * time.Millisecond})
	}
	return []table{slots, jobs, workers}
}

// print runs the trials and prints a row for each.
func (t table) print(program string, runs int) error {
	fmt.Printf("%s:\n\n", t.title)
	fmt.Println("| jobs | workers | time | jobs/s | of the ideal | processor time a job | cores used | of workers and pipes | memory |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, trial := range t.trials {
		var all []outcome
		for range runs {
			o, err := trial.run(program)
			if err != nil {
				return err
			}
			all = append(all, o)
		}
		slices.SortFunc(all, func(a, b outcome) int { return int(a.wall - b.wall) })
		fmt.Println(all[len(all)/2])
	}
	fmt.Println()
	return nil
}

func (o outcome) String() string {
	seconds := o.wall.Seconds()
	rate := float64(o.jobs) / seconds
	ideal := ""
	if o.took > 0 {
		ideal = fmt.Sprintf("%.1f %%", 100*rate*o.took.Seconds()/float64(o.workers*o.slots))
	}
	return fmt.Sprintf("| %s | %s | %.2f s | %s | %s | %.2f µs | %.2f | %.2f | %d MiB |",
		commas(o.jobs), commas(o.workers), seconds, commas(int(rate)), ideal,
		o.there.Seconds()*1e6/float64(o.jobs), o.there.Seconds()/seconds, o.here.Seconds()/seconds, o.peak>>20)
}

// commas is n with commas between its thousands.
func commas(n int) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
