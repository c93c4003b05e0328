package main

import (
	"errors"
	"strings"
	"testing"
)

func TestUnits(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{jobsPerSecond(0.5), "0.50/s"},
		{jobsPerSecond(9.996), "10.0/s"},
		{jobsPerSecond(160), "160/s"},
		{jobsPerSecond(999.6), "1.00 k/s"},
		{jobsPerSecond(81_250_000), "81.2 M/s"},
		{mebibytesPerSecond(2000), "2.10 GB/s"},
		{microseconds(1 / 150e-6), "150 µs"},
		{times(0.948), "0.95"},
		{times(6.25), "6.25"},
		{times(434.4), "434"},
		{times(999.6), "1,000"},
		{times(11_551.2), "11,551"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		ratio, goal float64
		want        string
	}{{0.9, 0, ""}, {1.79, 1.8, "1.80 MISSED"}, {1.8, 1.8, "1.80 reached"}} {
		r := result{contest: contest{goal: test.goal}, ratio: test.ratio}
		if got := r.verdict(); got != test.want {
			t.Errorf("%v for %v: %q, want %q", test.ratio, test.goal, got, test.want)
		}
	}
}

// some is a result of each kind.
func some() []result {
	of := contest{
		work:    "lines",
		jobpipe: &played{name: "jobpipe < a & b"},
		peer:    &played{name: "peer"},
		unit:    jobsPerSecond,
		goal:    2,
	}
	return []result{
		{contest: of, ours: 3_000, theirs: 1_000, ratio: 3},
		{contest: of, ours: 50, theirs: 1_000, ratio: 0.05},
		{contest: of, absent: "not installed"},
		{contest: of, failed: errors.New("broken")},
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	printTable(&out, some())
	table, _, _ := strings.Cut(out.String(), "\n\n")
	lines := strings.Split(table, "\n")
	for i, want := range []string{
		"work | jobpipe | jobs | rate | peer | jobs | rate | ratio | goal",
		"--- | --- | --: | --: | --- | --: | --: | --: | ---",
		"lines | `jobpipe < a & b` | 1,234 | 3.00 k/s | `peer` | 1,234 | 1.00 k/s | 3.00 | 2.00 reached",
		"lines | `jobpipe < a & b` | 1,234 | 50.0/s | `peer` | 1,234 | 1.00 k/s | 0.05 | 2.00 MISSED",
		"lines | `jobpipe < a & b` | 1,234 |  | `peer` | 1,234 | not installed |  | ",
		"lines | `jobpipe < a & b` | 1,234 | failed | `peer` | 1,234 |  |  | ",
	} {
		cells := strings.Split(strings.Trim(lines[i], "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		if got := strings.Join(cells, " | "); got != want {
			t.Errorf("line %d: %q, want %q", i, got, want)
		}
		if len([]rune(lines[i])) != len([]rune(lines[0])) {
			t.Errorf("line %d is not as long as the first", i)
		}
	}
}
