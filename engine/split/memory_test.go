package split

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// letters is an input of n bytes without a delimiter.
type letters int64

func (l *letters) Read(p []byte) (int, error) {
	if *l == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), int64(*l))
	for i := range p[:n] {
		p[i] = 'x'
	}
	*l -= letters(n)
	return int(n), nil
}

func TestRecordOfAGiBTakesNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a GiB")
	}
	const size, maxJob = 1 << 30, 1 << 20
	huge := letters(size)
	in := io.MultiReader(strings.NewReader("a\n"), &huge, strings.NewReader("\nb\n"))
	items := make(chan Item)
	s := Splitter{Delim: '\n', MaxJob: maxJob, Pool: batch.NewPool(1 << 20), Items: items, Wake: func() {}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	go s.Run(context.Background(), in)
	k := &taker{t: t, delim: '\n', maxJob: maxJob}
	for it := range items {
		k.take(it)
	}
	runtime.ReadMemStats(&after)
	if strings.Join(k.jobs, "") != "a\nb\n" || len(k.long) != 1 || k.long[0] != size {
		t.Errorf("jobs %q, too long %v", k.jobs, k.long)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 8*maxJob {
		t.Errorf("%d bytes were allocated", got)
	}
}

// A record may be far larger than the budget, and its block larger still. The
// splitter must not wait for room that its own block takes.
func TestRecordLargerThanTheBudget(t *testing.T) {
	const size = 60 << 20
	for _, budget := range []int64{1, 1 << 20} {
		huge := letters(size)
		short := strings.Repeat("short\n", 4<<20)
		in := io.MultiReader(&huge, strings.NewReader("\n"), strings.NewReader(short))
		items := make(chan Item)
		s := Splitter{Delim: '\n', MaxJob: 64 << 20, Pool: batch.NewPool(budget), Items: items, Wake: func() {}}
		go s.Run(context.Background(), in)
		first := <-items
		if n := strings.IndexByte(string(first.Range.Data), '\n'); n != size || first.TooLong > 0 {
			t.Fatalf("the first record has %d bytes, too long: %d", n, first.TooLong)
		}
		jobs := first.Range.Count
		first.Range.Block.Release(first.Range.Count)
		for it := range items {
			jobs += it.Range.Count
			it.Range.Block.Release(it.Range.Count)
		}
		if jobs != 1+4<<20 {
			t.Errorf("%d jobs", jobs)
		}
	}
}
