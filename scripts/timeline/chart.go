package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// A row is what one slot did.
type row struct {
	name    string
	running spans // a job ran
	way     spans // a job was on its way or queued, or an answer on its way
	results spans // an answer was carried
	jobs    spans // a job was carried
}

// place is a slot of a worker: a process and a thread of the trace.
type place struct {
	process uint64
	thread  int
}

// job is one of one worker.
type job struct{ process, seq uint64 }

// A chart collects the events of a trace.
type chart struct {
	names   map[uint64]string
	took    map[uint64]*tally // by process: a worker
	slots   map[place]*row
	where   map[job]int // the thread that ran it
	begun   map[string]trace.Event
	carried []trace.Event // spans beside the threads, by when they began
	exact   bool          // the trace tells what the wire carried when
}

func (c *chart) add(e trace.Event) {
	if c.slots == nil {
		*c = chart{names: map[uint64]string{}, took: map[uint64]*tally{}, slots: map[place]*row{}, where: map[job]int{}, begun: map[string]trace.Event{}}
	}
	switch {
	case e.Name == "process_name":
		c.names[e.Process] = e.Args.Name
	case e.Phase == trace.Complete && e.Category == trace.Running:
		at := place{e.Process, e.Thread}
		if c.slots[at] == nil {
			c.slots[at] = &row{}
		}
		r := c.slots[at]
		r.running = append(r.running, span{e.Time, e.Time + e.Took})
		c.where[job{e.Process, e.Args.Seq}] = e.Thread
		if c.took[e.Process] == nil {
			c.took[e.Process] = &tally{}
		}
		c.took[e.Process].count(e)
	case e.Phase == trace.Complete: // on the wire
		c.exact = true
		c.carried = append(c.carried, e)
	case e.Phase == trace.Begin && e.Process != 0:
		c.begun[key(e)] = e
	case e.Phase == trace.End:
		b, ok := c.begun[key(e)]
		if ok {
			delete(c.begun, key(e))
			b.Took = e.Time - b.Time
			c.carried = append(c.carried, b)
		}
	}
}

func key(e trace.Event) string { return fmt.Sprint(e.Process, e.Category, e.ID.Local) }

// rows returns the slots in which jobs ran, by worker.
func (c *chart) rows() (list []*row) {
	threads := map[uint64]int{}
	for at := range c.slots {
		threads[at.process] = max(threads[at.process], at.thread)
	}
	for _, e := range c.carried {
		r := c.slots[place{e.Process, max(1, c.where[job{e.Process, e.Args.Seq}])}]
		if r == nil {
			continue
		}
		s := span{e.Time, e.Time + e.Took}
		switch e.Category {
		case trace.WireResult:
			r.results = append(r.results, s)
		case trace.WireJob:
			r.jobs = append(r.jobs, s)
		case trace.Answered:
			r.way = append(r.way, s)
			if !c.exact {
				r.results = append(r.results, s)
			}
		case trace.Sent:
			r.way = append(r.way, s)
			if !c.exact {
				r.jobs = append(r.jobs, s)
			}
		}
	}
	order := func(a, b place) int {
		return cmp.Or(cmp.Compare(c.names[a.process], c.names[b.process]), cmp.Compare(a.process, b.process), cmp.Compare(a.thread, b.thread))
	}
	for _, at := range slices.SortedFunc(maps.Keys(c.slots), order) {
		r := c.slots[at]
		r.name = shorten(c.names[at.process])
		if threads[at.process] > 1 {
			r.name += fmt.Sprintf(" %d", at.thread)
		}
		busy := r.running.union()
		r.running, r.way, r.results, r.jobs = busy, r.way.union(), r.results.union(), r.jobs.union()
		if !c.exact {
			// What waits in the worker's queue is not being carried, and when it
			// arrived is not known: only what a free slot waits for is drawn.
			r.jobs = r.jobs.without(busy)
		}
		list = append(list, r)
	}
	return list
}

// shorten leaves the address of a worker out of its name.
func shorten(name string) string {
	if at := strings.LastIndex(name, " ("); at > 0 && strings.HasSuffix(name, ")") {
		return name[:at]
	}
	return name
}
