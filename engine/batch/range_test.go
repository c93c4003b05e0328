package batch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// jobs is a range of the records in data.
func jobs(data string, delim byte) Range {
	n := bytes.Count([]byte(data), []byte{delim})
	if data != "" && data[len(data)-1] != delim {
		n++
	}
	return Range{Seq: 1, Count: n, Data: []byte(data)}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		name               string
		data               string
		maxJobs, maxBytes  int
		wantJobs, wantRest int
		want               string
	}{
		{"all of it", "a\nb\nc\n", 3, 6, 3, 0, "a\nb\nc\n"},
		{"as many jobs as allowed", "a\nb\nc\n", 2, 99, 2, 1, "a\nb\n"},
		{"as many bytes as allowed", "a\nb\nc\n", 99, 5, 2, 1, "a\nb\n"},
		{"one that is too long", "abcdef\nb\n", 99, 3, 1, 1, "abcdef\n"},
		{"only one that is too long", "abcdef\n", 1, 3, 1, 0, "abcdef\n"},
		{"not the next that is too long", "a\nbcdef\n", 99, 4, 1, 1, "a\n"},
		{"the last without its delimiter", "a\nb", 2, 3, 2, 0, "a\nb"},
		{"all but the last without its delimiter", "a\nb", 99, 2, 1, 1, "a\n"},
		{"empty records", "\n\n\n", 2, 99, 2, 1, "\n\n"},
		{"empty records by bytes", "\n\n\n", 99, 2, 2, 1, "\n\n"},
		{"at least one", "a\nb\n", 0, 0, 1, 1, "a\n"},
		{"at least one of many", strings.Repeat("a\n", 1000), 900, 1, 1, 999, "a\n"},
		{"at least one long one of many", strings.Repeat("abcd\n", 1000), 900, 3, 1, 999, "abcd\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := jobs(c.data, '\n')
			got := r.Cut('\n', c.maxJobs, c.maxBytes)
			if got.Count != c.wantJobs || r.Count != c.wantRest || string(got.Data) != c.want {
				t.Errorf("got %d jobs %q, %d are left; want %d %q, %d", got.Count, got.Data, r.Count, c.wantJobs, c.want, c.wantRest)
			}
			if got.Seq != 1 || r.Seq != got.End() || string(got.Data)+string(r.Data) != c.data {
				t.Errorf("cut into %d:%q and %d:%q", got.Seq, got.Data, r.Seq, r.Data)
			}
		})
	}
}

func TestCutOfManyShortRecordsIsNearlyAsLargeAsAllowed(t *testing.T) {
	r := jobs(strings.Repeat("1234567\n", 32<<10), '\n')
	if got := r.Cut('\n', 1<<30, 65_517); len(got.Data) != 65_517/8*8 {
		t.Errorf("cut %d bytes of 65517", len(got.Data))
	}
	if got := r.Cut('\n', 5000, 1<<30); got.Count < 4990 || got.Count > 5000 {
		t.Errorf("cut %d jobs of 5000", got.Count)
	}
}

func TestCutDoesNotLendWhatFollows(t *testing.T) {
	r := jobs("a\nb\nc\n", '\n')
	got := r.Cut('\n', 1, 99)
	_ = append(got.Data, "xxx"...)
	if string(r.Data) != "b\nc\n" {
		t.Errorf("what follows is now %q", r.Data)
	}
}

func TestSplit(t *testing.T) {
	for _, data := range []string{"a\nbb\nccc\n", "a\nbb\nccc", "\n\n\n", "\n\na"} {
		for n := 1; n <= 3; n++ {
			r := jobs(data, '\n')
			got := r.Split('\n', n)
			if got.Count != n || r.Count != 3-n || r.Seq != uint64(1+n) || string(got.Data)+string(r.Data) != data {
				t.Errorf("%d of %q: got %d %q and %d %q", n, data, got.Count, got.Data, r.Count, r.Data)
			}
			if n < 3 && bytes.Count(got.Data, []byte("\n")) != n {
				t.Errorf("%d of %q: got %q", n, data, got.Data)
			}
		}
	}
}

// cutUp cuts data up as limits says, and checks each piece.
func cutUp(t *testing.T, data string, delim byte, limits func() (split bool, maxJobs, maxBytes int)) {
	t.Helper()
	r := jobs(data, delim)
	want := r.Count
	var all []byte
	next := uint64(1)
	for r.Count > 0 {
		split, maxJobs, maxBytes := limits()
		var got Range
		if split {
			got = r.Split(delim, 1+maxJobs%r.Count)
		} else {
			got = r.Cut(delim, maxJobs, maxBytes)
		}
		n := bytes.Count(got.Data, []byte{delim})
		if r.Count == 0 && len(got.Data) > 0 && got.Data[len(got.Data)-1] != delim {
			n++
		}
		switch {
		case got.Seq != next || got.Count < 1 || got.Count != n:
			t.Fatalf("got %d jobs from %d on, after %d; there are %d in %.100q", got.Count, got.Seq, next-1, n, got.Data)
		case split:
		case got.Count > 1 && got.Count > maxJobs:
			t.Fatalf("%d jobs, at most %d were asked for", got.Count, maxJobs)
		case got.Count > 1 && len(got.Data) > maxBytes:
			t.Fatalf("%d jobs of %d bytes, at most %d were asked for", got.Count, len(got.Data), maxBytes)
		}
		next = got.End()
		all = append(all, got.Data...)
	}
	if string(all) != data || next != uint64(want)+1 {
		t.Fatalf("%d jobs of %.100q became %d of %.100q", want, data, next-1, all)
	}
}

func TestWhatIsCutUpIsWhatWasThere(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		delim := []byte{'\n', 0, 'x', 0xff}[rnd.IntN(4)]
		var b strings.Builder
		dense := 1 + rnd.IntN(200)
		for range rnd.IntN(2000) {
			if rnd.IntN(500) == 0 {
				dense = 1 + rnd.IntN(200) // the density of records changes within a range
			}
			b.WriteString(strings.Repeat("y", rnd.IntN(dense)))
			b.WriteByte(delim)
		}
		if rnd.IntN(2) == 0 {
			b.WriteString("z")
		}
		cutUp(t, b.String(), delim, func() (bool, int, int) {
			return rnd.IntN(4) == 0, 1 + rnd.IntN(1+rnd.IntN(2000)), 1 + rnd.IntN(1+rnd.IntN(100_000))
		})
	}
}

func FuzzCut(f *testing.F) {
	f.Add("a\nb\n\nc", byte('\n'), 1, 1)
	f.Add(strings.Repeat("x", 300)+"\n"+strings.Repeat("\n", 300), byte('\n'), 100, 200)
	f.Fuzz(func(t *testing.T, data string, delim byte, maxJobs, maxBytes int) {
		if data == "" {
			return
		}
		maxJobs, maxBytes = max(0, maxJobs), max(0, maxBytes)
		cutUp(t, data, delim, func() (bool, int, int) { return false, maxJobs, maxBytes })
		cutUp(t, data, delim, func() (bool, int, int) { return true, maxJobs, 0 })
	})
}

func BenchmarkCut(b *testing.B) {
	block := bytes.Repeat([]byte("1234567\n"), BlockSize/8)
	for _, most := range []struct{ jobs, bytes int }{{1 << 30, 65_000}, {4000, 65_000}, {64, 65_000}, {1, 65_000}} {
		b.Run(fmt.Sprintf("%d jobs", most.jobs), func(b *testing.B) {
			b.SetBytes(int64(len(block)))
			b.ReportAllocs()
			for b.Loop() {
				r := Range{Seq: 1, Count: len(block) / 8, Data: block}
				for r.Count > 0 {
					r.Cut('\n', most.jobs, most.bytes)
				}
			}
		})
	}
}
