package split

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/journal"
)

// resumed is the journal of a run that read the text and is done with some of its
// jobs, of which every third has failed.
func resumed(t *testing.T, text []byte, done []uint64) *commit.Log {
	t.Helper()
	dir := t.TempDir()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	open := func() *commit.Log {
		l, err := commit.Open(commit.Options{
			Path: filepath.Join(dir, "j"), Settings: journal.Settings{Delim: '\n'}, Results: null, Say: func(string, ...any) {},
		})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	if _, err := bytes.NewBuffer(nil).ReadFrom(l.Reader(bytes.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	for _, seq := range done {
		if seq%3 == 0 {
			l.Failed(seq)
		}
		l.Done(seq, seq+1)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open()
	t.Cleanup(l.Abandon)
	return l
}

// splitPast runs a splitter with a journal, and returns what it passes on.
func splitPast(text []byte, maxJob int64, l *commit.Log) (items []Item, err error) {
	took := make(chan Item)
	pool := batch.NewPool(2 * batch.BlockSize) // little, so that what is kept back has to let go of it
	s := Splitter{Delim: '\n', MaxJob: maxJob, Pool: pool, Items: took, Wake: func() {}, Journal: l}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background(), bytes.NewReader(text)) }()
	for it := range took {
		it.Range.Data = bytes.Clone(it.Range.Data)
		it.Range.Block.Release(it.Range.Count)
		items = append(items, it)
	}
	return items, <-ended
}

// Each job is passed on with its past, and its record where somebody needs it.
func TestPast(t *testing.T) {
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		var text []byte
		jobs := uint64(1 + rnd.IntN(3000))
		var records [][]byte
		for seq := range jobs {
			record := fmt.Appendf(nil, "%d%s\n", seq+1, strings.Repeat("x", rnd.IntN(900)))
			records = append(records, record)
			text = append(text, record...)
		}
		var done []uint64
		were := map[uint64]bool{}
		for seq := uint64(1); seq <= jobs; seq++ {
			if rnd.IntN(100) < int(seed*9) {
				done = append(done, seq)
				were[seq] = true
			}
		}
		const maxJob = 850
		items, err := splitPast(text, maxJob, resumed(t, text, done))
		if err != nil {
			t.Fatal(err)
		}
		next := uint64(1)
		for _, it := range items {
			if it.Range.Seq != next {
				t.Fatalf("seed %d: job %d comes after %d", seed, it.Range.Seq, next-1)
			}
			var want []byte
			for ; next < it.Range.End(); next++ {
				past := New
				long := len(records[next-1]) > maxJob+1
				if were[next] {
					if past = Done; next%3 == 0 {
						past = Failed
					}
				}
				if it.Past != past || (it.TooLong > 0) != (long && past == New) {
					t.Fatalf("seed %d: job %d has the past %d and %d bytes too many, want %d", seed, next, it.Past, it.TooLong, past)
				}
				if past != Done && !long {
					want = append(want, records[next-1]...)
				}
			}
			if !bytes.Equal(it.Range.Data, want) {
				t.Fatalf("seed %d: jobs %d+%d: %.100q, want %.100q", seed, it.Range.Seq, it.Range.Count, it.Range.Data, want)
			}
		}
		if next != jobs+1 {
			t.Fatalf("seed %d: %d of %d jobs were passed on", seed, next-1, jobs)
		}
	}
}

// Of an input that has changed no job is passed on, not even from before the
// place of the change.
func TestNothingOfAnotherInput(t *testing.T) {
	text := bytes.Repeat([]byte(strings.Repeat("y", 99)+"\n"), 20_000)
	l := resumed(t, text, []uint64{2, 19_999})
	text[100*19_500] = 'z'
	items, err := splitPast(text, 1<<20, l)
	if !errors.Is(err, journal.ErrChanged) || len(items) > 0 {
		t.Errorf("%d ranges were passed on, and then: %v", len(items), err)
	}
}
