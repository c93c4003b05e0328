package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// feed feeds text in pieces of random sizes.
func feed(in *Input, rnd *rand.Rand, text []byte) (err error) {
	for err == nil && len(text) > 0 {
		n := 1 + rnd.IntN(min(len(text), 300))
		err = in.Feed(text[:n])
		text = text[n:]
	}
	if err == nil {
		err = in.End()
	}
	return err
}

func lines(rnd *rand.Rand, n int) (text []byte) {
	for i := range n {
		text = fmt.Appendf(text, "%d%s\n", i, strings.Repeat("x", rnd.IntN(20)))
	}
	return text
}

// pointsOf returns what one run knows of its input.
func pointsOf(t *testing.T, rnd *rand.Rand, text []byte) []Point {
	t.Helper()
	in := NewInput('\n', nil)
	if err := feed(in, rnd, text); err != nil {
		t.Fatal(err)
	}
	points := in.Points()
	if tip := in.Tip(); len(points) == 0 || points[len(points)-1] != tip {
		points = append(points, tip)
	}
	return points
}

// The same input is found to be the same, and may go on; with one change it is
// found to be another, and the place is told.
func TestInputIsCompared(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		n := 1 + rnd.IntN(800)
		text := lines(rnd, n)
		points := pointsOf(t, rnd, text)
		if len(points) != n {
			t.Fatalf("seed %d: %d points in %d lines", seed, len(points), n)
		}
		for _, more := range []string{"", "more\n", "more"} {
			in := NewInput('\n', points)
			if err := feed(in, rnd, append(bytes.Clone(text), more...)); err != nil || !in.Same() {
				t.Fatalf("seed %d: with %q behind it: %v, same: %v", seed, more, err, in.Same())
			}
		}
		changed := bytes.Clone(text)
		at := rnd.IntN(len(text))
		changed[at] ^= 1
		in := NewInput('\n', points)
		err := feed(in, rnd, changed)
		line := 1 + bytes.Count(text[:at], []byte{'\n'})
		if want := fmt.Sprintf("line %d has changed", line); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), want) {
			t.Fatalf("seed %d: %v, want %q", seed, err, want)
		}
		if in.Same() {
			t.Fatalf("seed %d: it is said to be the same", seed)
		}
		short := text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1]
		in = NewInput('\n', points)
		if err := feed(in, rnd, short); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), fmt.Sprintf("after line %d, and had at least %d", n-1, n)) {
			t.Fatalf("seed %d: one line less: %v", seed, err)
		}
	}
}

func TestInputSwappedAndShifted(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	points := pointsOf(t, rnd, []byte("a\nb\nc\nd\n"))
	for text, want := range map[string]string{
		"a\nc\nb\nd\n":   "line 2 has changed",
		"b\nc\nd\n":      "line 1 has changed",
		"a\nbb\nc\nd\n":  "line 2 has changed",
		"a\nb\nc\nd":     "",
		"a\nb\nc\ndd":    "line 4 has changed",
		"a\nb\nc\ndd\n":  "line 4 has changed",
		"a\nb\n\nc\nd\n": "line 3 has changed",
		"":               "after line 0, and had at least 4",
		"a\nb":           "after line 2, and had at least 4",
	} {
		err := feed(NewInput('\n', points), rnd, []byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// In a long input points become few, and a change is still found, near enough.
func TestInputPointsStayFew(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 1))
	text := bytes.Repeat([]byte("1234567\n"), 2<<20)
	points := pointsOf(t, rnd, text)
	if len(points) < spacing || len(points) > 16*spacing {
		t.Errorf("%d points in %d bytes", len(points), len(text))
	}
	if !slices.IsSortedFunc(points, func(a, b Point) int { return int(a.Offset - b.Offset) }) {
		t.Error("points are not in order")
	}
	text[12<<20] ^= 4
	err := feed(NewInput('\n', points), rnd, text)
	var from, to int
	if _, scanned := fmt.Sscanf(fmt.Sprint(err), ErrChanged.Error()+": something between lines %d and %d", &from, &to); scanned != nil {
		t.Fatal(err)
	}
	if at := 12<<20/8 + 1; from > at || to < at || to-from > at/(spacing/2) {
		t.Errorf("a change in line %d is said to be between %d and %d", at, from, to)
	}
}
