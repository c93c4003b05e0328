// Command faults runs the tests of RELIABILITY.md, and says case by case what
// came of them. Arguments are the cases: B4, or C for all that begin with it;
// none is all of them. Its status is 1 when a test has failed, or is not there.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func main() {
	text, err := os.ReadFile("RELIABILITY.md")
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(2)
	}
	cases := choose(parse(string(text)), os.Args[1:])
	if len(cases) == 0 {
		fmt.Fprintln(os.Stderr, "faults: RELIABILITY.md has no such case")
		os.Exit(2)
	}
	began := time.Now()
	came := map[test]string{}
	for pkg, patterns := range patternsOf(cases) {
		fmt.Fprintf(os.Stderr, "faults: running %d tests of %s\n", len(patterns), pkg)
		if err := run(pkg, patterns, came); err != nil {
			fmt.Fprintln(os.Stderr, "faults:", err)
		}
	}
	count := map[string]int{}
	for _, c := range cases {
		verdict := c.verdict(came)
		count[verdict]++
		fmt.Printf("%-4s %-5s %s\n", c.id, verdict, c.fault)
	}
	fmt.Printf("%d of %d cases passed, in %.0f s\n", count["pass"], len(cases), time.Since(began).Seconds())
	if count["fail"]+count["none"] > 0 {
		os.Exit(1)
	}
}

// A faultCase is a row of the table of cases.
type faultCase struct {
	id, fault string
	tests     []test
}

// A test is one in a package, "TestName" or "TestName/subtest".
type test struct{ pkg, name string }

// parse finds the rows: | B1 | fault | what jobpipe does | tests |. Tests stand
// in backquotes: a name in integration, `engine/split TestName`, or
// `worker-killed.txt` for a script.
func parse(text string) (cases []faultCase) {
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !isCase(strings.TrimSpace(cells[0])) {
			continue
		}
		c := faultCase{id: strings.TrimSpace(cells[0]), fault: strings.TrimSpace(cells[1])}
		for i, quoted := range strings.Split(cells[3], "`") {
			if i%2 == 1 {
				c.tests = append(c.tests, testOf(quoted))
			}
		}
		cases = append(cases, c)
	}
	return cases
}

func isCase(s string) bool {
	return len(s) > 1 && s[0] >= 'A' && s[0] <= 'J' && strings.Trim(s[1:], "0123456789") == ""
}

func testOf(s string) test {
	if script, ok := strings.CutSuffix(s, ".txt"); ok {
		return test{"integration", "TestScript/" + script}
	}
	if pkg, name, ok := strings.Cut(s, " "); ok {
		return test{pkg, name}
	}
	return test{"integration", s}
}

// choose returns the cases that are asked for.
func choose(cases []faultCase, asked []string) (chosen []faultCase) {
	for _, c := range cases {
		if len(asked) == 0 || slices.Contains(asked, c.id) || slices.Contains(asked, c.id[:1]) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// patternsOf returns, by package, what go test is to run.
func patternsOf(cases []faultCase) map[string][]string {
	patterns := map[string][]string{}
	for _, c := range cases {
		for _, t := range c.tests {
			p := "^" + strings.ReplaceAll(t.name, "/", "$/^") + "$"
			if !slices.Contains(patterns[t.pkg], p) {
				patterns[t.pkg] = append(patterns[t.pkg], p)
			}
		}
	}
	return patterns
}

// run runs tests of a package, and notes what came of them.
func run(pkg string, patterns []string, came map[test]string) error {
	cmd := exec.Command("go", "test", "-count=1", "-timeout", "10m", "-json", "-run", strings.Join(patterns, "|"), "./"+pkg)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	note(out, pkg, came)
	_ = cmd.Wait() // its status is that of its tests
	return nil
}

// note reads what go test -json says. What a test that failed has printed is
// shown.
func note(r io.Reader, pkg string, came map[test]string) {
	printed := map[string]*strings.Builder{}
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(line, &e) != nil {
			_, _ = os.Stderr.Write(line)
		}
		if printed[e.Test] == nil {
			printed[e.Test] = &strings.Builder{}
		}
		switch e.Action {
		case "output":
			printed[e.Test].WriteString(e.Output)
		case "pass", "skip":
			came[test{pkg, e.Test}] = e.Action
		case "fail":
			came[test{pkg, e.Test}] = e.Action
			fmt.Fprint(os.Stderr, printed[e.Test])
		}
		if err != nil {
			return
		}
	}
}

// verdict is the worst that came of the tests of a case.
func (c faultCase) verdict(came map[test]string) string {
	worst := "pass"
	rank := []string{"pass", "skip", "none", "fail"}
	for _, t := range c.tests {
		action := came[t]
		if action == "" {
			action = "none"
		}
		worst = rank[max(slices.Index(rank, worst), slices.Index(rank, action))]
	}
	return worst
}
