package integration

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Commands of scripts that look at texts, or make them.

func lines(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := strings.Count(ts.ReadFile(args[1]), "\n")
	if got != want {
		ts.Fatalf("%s has %d lines, want %d", args[1], got, want)
	}
}

func complaint(ts *testscript.TestScript, args []string) {
	text := ts.ReadFile("stderr")
	match, err := regexp.MatchString(args[0], text)
	ts.Check(err)
	if !match || strings.Count(text, "\n") != 1 {
		ts.Fatalf("not one line like %s:\n%s", args[0], text)
	}
}

func blocks(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	count := map[string]int{}
	last := ""
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		word, _, _ := strings.Cut(line, " ")
		if word != last && count[word] > 0 || count[word] == size {
			ts.Fatalf("%s: block %s is torn or too long", args[2], word)
		}
		count[word]++
		last = word
	}
	for word, n := range count {
		if n != size {
			ts.Fatalf("%s: block %s has %d lines, want %d", args[2], word, n, size)
		}
	}
	if len(count) != want {
		ts.Fatalf("%s has %d blocks, want %d", args[2], len(count), want)
	}
}

// control is what a terminal takes for a command.
var control = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

func notes(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := control.ReplaceAllString(ts.ReadFile(args[1]), "\r")
	count := map[string]int{}
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		count[piece]++
	}
	for i := range n {
		if note := fmt.Sprintf("note %d", i+1); count[note] != 1 {
			ts.Fatalf("%q is %d times in %s:\n%q", note, count[note], args[1], text)
		}
	}
}

func sorted(ts *testscript.TestScript, args []string) {
	var list [2][]string
	for i, file := range args {
		list[i] = slices.Sorted(strings.Lines(ts.ReadFile(file)))
	}
	if !slices.Equal(list[0], list[1]) {
		ts.Fatalf("%s and %s do not hold the same lines:\n%s", args[0], args[1], difference(list[0], list[1]))
	}
}

// difference is a few of the lines that are in one sorted list and not in the other.
func difference(a, b []string) string {
	var out strings.Builder
	for n := 0; n < 20 && (len(a) > 0 || len(b) > 0); {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			fmt.Fprintf(&out, "- %q\n", a[0])
			a, n = a[1:], n+1
		case len(a) == 0 || a[0] > b[0]:
			fmt.Fprintf(&out, "+ %q\n", b[0])
			b, n = b[1:], n+1
		default:
			a, b = a[1:], b[1:]
		}
	}
	return out.String()
}

func generate(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var out bytes.Buffer
	for i := range n {
		out.WriteString(strings.ReplaceAll(args[2], "%d", strconv.Itoa(i+1)))
		out.WriteByte('\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o644))
}
