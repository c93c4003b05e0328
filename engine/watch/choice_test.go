package watch

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/live"
)

func TestChoice(t *testing.T) {
	workers := []live.Worker{
		{Name: "anna", Addr: "192.0.2.1:4000", Done: 5, Failed: 1, Shares: live.Shares{Working: 0.5}},
		{Name: "Bert", Addr: "192.0.2.2:4000", Done: 9, Shares: live.Shares{Working: 0.9}},
		{Name: "cleo", Done: 7, Failed: 3, Shares: live.Shares{Working: 0.1}},
		{Name: "Anna", Addr: "unix:/run/A", Done: 7, Failed: 3, Shares: live.Shares{Working: 0.7}},
	}
	for query, want := range map[string]string{
		"":                   "anna Bert cleo Anna, 0 of 4",
		"by=joined":          "anna Bert cleo Anna, 0 of 4",
		"by=name":            "Anna Bert anna cleo, 0 of 4",
		"by=idle":            "cleo anna Anna Bert, 0 of 4",
		"by=failed":          "cleo Anna anna Bert, 0 of 4",
		"by=done":            "Bert cleo Anna anna, 0 of 4",
		"find=ANN":           "anna Anna, 0 of 2",
		"find=ann&by=failed": "Anna anna, 0 of 2",
		"find=192.0.2.2":     "Bert, 0 of 1",
		"find=/run/A":        "Anna, 0 of 1",
		"find=nobody":        ", 0 of 0",
		"from=2":             "cleo Anna, 2 of 4",
		"from=4":             "anna Bert cleo Anna, 0 of 4", // they have become fewer
		"find=nobody&from=9": ", 0 of 0",
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		c, err := choose(q)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		rows, match, from := c.of(workers)
		var names []string
		for _, w := range rows {
			names = append(names, w.Name)
		}
		if got := fmt.Sprintf("%s, %d of %d", strings.Join(names, " "), from, match); got != want {
			t.Errorf("%s: got %s; want %s", query, got, want)
		}
	}
}

func TestBadChoices(t *testing.T) {
	for _, query := range []string{"by=height", "from=x", "from=-1", "from=1e3", "from=99999999999999999999"} {
		q, _ := url.ParseQuery(query)
		if c, err := choose(q); err == nil {
			t.Errorf("%s is %+v", query, c)
		}
	}
}

// However many there are, a page gets a few, and the last page is there.
func TestRowsAreBounded(t *testing.T) {
	workers := make([]live.Worker, 4*mostRows+3)
	for from, want := range map[int][2]int{
		0: {mostRows, 0}, mostRows: {mostRows, mostRows}, 4 * mostRows: {3, 4 * mostRows}, 10 * mostRows: {3, 4 * mostRows},
	} {
		rows, match, got := choice{by: "joined", from: from}.of(workers)
		if len(rows) != want[0] || got != want[1] || match != len(workers) {
			t.Errorf("from %d: %d rows from %d, of %d", from, len(rows), got, match)
		}
	}
	rows, _, got := choice{by: "joined", from: 99 * mostRows}.of(workers[:2*mostRows])
	if len(rows) != mostRows || got != mostRows {
		t.Errorf("beyond whole pages: %d rows from %d", len(rows), got)
	}
}
