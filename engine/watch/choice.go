package watch

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jobpipe/jobpipe/engine/live"
)

// mostRows is how many workers a page shows at a time.
const mostRows = 25

// A choice is which of the workers a page shows.
type choice struct {
	find string // is in their names or addresses, in whatever case; empty: in all
	by   string // a key of orders
	from int    // so many of them are passed over
}

// orders is what may come first. Those that are alike stay in order of joining.
var orders = map[string]func(a, b *live.Worker) int{
	"joined": func(a, b *live.Worker) int { return 0 },
	"name":   func(a, b *live.Worker) int { return cmp.Compare(a.Name, b.Name) },
	"idle":   func(a, b *live.Worker) int { return cmp.Compare(a.Working, b.Working) },
	"failed": func(a, b *live.Worker) int { return cmp.Compare(b.Failed, a.Failed) },
	"done":   func(a, b *live.Worker) int { return cmp.Compare(b.Done, a.Done) },
}

// choose reads a choice that was asked for.
func choose(q url.Values) (c choice, err error) {
	c = choice{find: strings.ToLower(q.Get("find")), by: cmp.Or(q.Get("by"), "joined")}
	if orders[c.by] == nil {
		return c, fmt.Errorf("workers cannot be put in order by %q", c.by)
	}
	if from := q.Get("from"); from != "" {
		if c.from, err = strconv.Atoi(from); err != nil || c.from < 0 {
			return c, fmt.Errorf("%q is no number of workers", from)
		}
	}
	return c, nil
}

// of returns the rows, how many workers the choice finds, and how many of those were
// passed over: fewer than asked for, where there are not so many any more.
func (c choice) of(workers []live.Worker) (rows []*live.Worker, match, from int) {
	var all []*live.Worker
	for i := range workers {
		w := &workers[i]
		if strings.Contains(strings.ToLower(w.Name), c.find) || strings.Contains(strings.ToLower(w.Addr), c.find) {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, orders[c.by])
	from = c.from
	if from >= len(all) {
		from = max(0, (len(all)-1)/mostRows*mostRows)
	}
	return all[from:min(len(all), from+mostRows)], len(all), from
}
