package integration

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A verdict is what the oracle has to say about a run of the program "job". The
// numbers are those of jobs.
type verdict struct {
	Lost       []int    // neither in the results nor among those that failed
	Duplicated []int    // more than once in the results
	Unexpected []int    // a result of no job, or of one that failed
	Torn       []string // lines that are no result
	Disorder   []int    // results that come before one of a lower number
	Unrun      []int    // have a result, but the log knows of no execution
	Rerun      []int    // were begun more than once
}

// judge compares the results of a run with its input, with the jobs that the
// run itself says have failed, and with the log of executions.
func judge(records, failed [][]byte, results []byte, begun map[int]int) (v verdict) {
	gone := map[string]int{} // failed records, which may be the same
	for _, r := range failed {
		gone[string(r)]++
	}
	seen := map[int]int{}
	last := 0
	for line := range bytes.Lines(results) {
		seq, answer, ok := parseResult(line)
		known := seq >= 1 && seq <= len(records)
		switch {
		case !ok, known && answer != answerTo(records[seq-1]) && len(answer) != 2*sha256.Size:
			v.Torn = append(v.Torn, string(line))
			continue
		case !known || answer != answerTo(records[seq-1]):
			v.Unexpected = append(v.Unexpected, seq)
			continue
		case seq < last:
			v.Disorder = append(v.Disorder, seq)
		}
		last = max(last, seq)
		if seen[seq]++; seen[seq] == 2 {
			v.Duplicated = append(v.Duplicated, seq)
		}
	}
	for i, r := range records {
		seq := i + 1
		switch {
		case seen[seq] == 0 && gone[string(r)] > 0:
			gone[string(r)]--
		case seen[seq] == 0:
			v.Lost = append(v.Lost, seq)
		case begun[seq] == 0:
			v.Unrun = append(v.Unrun, seq)
		}
		if begun[seq] > 1 {
			v.Rerun = append(v.Rerun, seq)
		}
	}
	for _, left := range slices.Sorted(maps.Keys(gone)) {
		if gone[left] > 0 { // named as failed, and has a result or is no job
			v.Unexpected = append(v.Unexpected, 1+slices.IndexFunc(records, func(r []byte) bool { return string(r) == left }))
		}
	}
	return v
}

// parseResult takes a line apart that the program "job" printed.
func parseResult(line []byte) (seq int, answer string, ok bool) {
	text, whole := strings.CutSuffix(string(line), "\n")
	number, answer, found := strings.Cut(text, " ")
	seq, err := strconv.Atoi(number)
	return seq, answer, whole && found && err == nil && len(answer) >= 2*sha256.Size
}

func sumOf(record []byte) string { return fmt.Sprintf("%x", sha256.Sum256(record)) }

// recordsOf cuts a file into records.
func recordsOf(data []byte) (records [][]byte) {
	for line := range bytes.Lines(data) {
		records = append(records, bytes.TrimSuffix(line, []byte("\n")))
	}
	return records
}

// begunIn counts in a log of executions how often each job was begun.
func begunIn(file string) (map[int]int, error) {
	log, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	begun := map[int]int{}
	for line := range strings.Lines(string(log)) {
		var e execution
		if _, err := fmt.Sscanf(line, executionFormat, &e.seq, &e.attempt, &e.pid, &e.worker, &e.what); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, line, err)
		}
		if e.what == "start" {
			begun[e.seq]++
		}
	}
	return begun, nil
}

func TestOracle(t *testing.T) {
	records := recordsOf([]byte("a\nb\nc pad=90\n"))
	line := func(seq int, record string) string { return fmt.Sprintf("%d %s\n", seq, answerTo([]byte(record))) }
	a, b, c := line(1, "a"), line(2, "b"), line(3, "c pad=90")
	once := map[int]int{1: 1, 2: 1, 3: 1}
	for _, test := range []struct {
		name, results string
		failed        [][]byte
		begun         map[int]int
		want          verdict
	}{
		{"all is well", a + b + c, nil, once, verdict{}},
		{"one failed", a + c, records[1:2], once, verdict{}},
		{"lost", a + c, nil, once, verdict{Lost: []int{2}}},
		{"duplicated", a + b + b + c, nil, once, verdict{Duplicated: []int{2}}},
		{"failed and answered", a + b + c, records[1:2], once, verdict{Unexpected: []int{2}}},
		{"failed twice", a + c, [][]byte{records[1], records[1]}, once, verdict{Unexpected: []int{2}}},
		{"no such job", a + b + c + line(4, "d"), nil, once, verdict{Unexpected: []int{4}}},
		{"another's answer", a + line(2, "c") + c, nil, once, verdict{Unexpected: []int{2}, Lost: []int{2}}},
		{"torn", a + b[:20] + c, nil, once, verdict{Torn: []string{b[:20] + c}, Lost: []int{2, 3}}},
		{"cut off", a + b + c[:30], nil, once, verdict{Torn: []string{c[:30]}, Lost: []int{3}}},
		{"a piece is missing", a + b + c[:80] + "\n", nil, once, verdict{Torn: []string{c[:80] + "\n"}, Lost: []int{3}}},
		{"disorder", b + a + c, nil, once, verdict{Disorder: []int{1}}},
		{"run twice", a + b + c, nil, map[int]int{1: 1, 2: 2, 3: 1}, verdict{Rerun: []int{2}}},
		{"made up", a + b + c, nil, map[int]int{1: 1, 3: 1}, verdict{Unrun: []int{2}}},
	} {
		got := judge(records, test.failed, []byte(test.results), test.begun)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
