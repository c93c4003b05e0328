package split

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// A taker reads what a splitter passes on, checks it, and releases its memory.
type taker struct {
	t      *testing.T
	delim  byte
	maxJob int64
	jobs   []string // the records, with delimiters; "" for one that was too long
	long   []int64  // lengths of those
	read   uint64
}

func (k *taker) take(it Item) {
	r := it.Range
	if r.Seq != k.read+1 || r.Count < 1 {
		k.t.Fatalf("%d jobs from %d on, after %d", r.Count, r.Seq, k.read)
	}
	k.read += uint64(r.Count)
	if it.TooLong > 0 {
		if r.Count != 1 || len(r.Data) > 0 || it.TooLong <= k.maxJob {
			k.t.Fatalf("too long: %d bytes of at most %d, with %d jobs of %.60q", it.TooLong, k.maxJob, r.Count, r.Data)
		}
		k.jobs = append(k.jobs, "")
		k.long = append(k.long, it.TooLong)
		return
	}
	records := bytes.SplitAfter(r.Data, []byte{k.delim})
	if len(records[len(records)-1]) == 0 {
		records = records[:len(records)-1]
	}
	if len(records) != r.Count {
		k.t.Fatalf("%d jobs in %.60q, said to be %d", len(records), r.Data, r.Count)
	}
	for _, rec := range records {
		k.jobs = append(k.jobs, string(rec))
	}
	r.Block.Release(r.Count)
}

// splitAll runs a splitter over in.
func splitAll(t *testing.T, in io.Reader, delim byte, maxJob int64) (*taker, error) {
	t.Helper()
	items := make(chan Item, 1)
	pool := batch.NewPool(4 * batch.BlockSize)
	wakes := 0
	s := Splitter{Delim: delim, MaxJob: maxJob, Pool: pool, Items: items, Wake: func() { wakes++ }}
	var err error
	over := make(chan struct{})
	go func() {
		defer close(over)
		err = s.Run(t.Context(), in)
	}()
	k := &taker{t: t, delim: delim, maxJob: maxJob}
	n := 0
	for it := range items {
		n++
		k.take(it)
	}
	<-over
	if wakes != n+1 {
		t.Errorf("woken %d times for %d items and the end", wakes, n)
	}
	for range 4 { // all memory came back
		if pool.Exhausted() {
			t.Fatal("a block was not released")
		}
		pool.Get()
	}
	return k, err
}

// records are the records of input as they must come out.
func records(input string, delim byte, maxJob int64) (jobs []string, long []int64) {
	for input != "" {
		n := strings.IndexByte(input, delim) + 1
		size := n - 1
		if n == 0 {
			n, size = len(input), len(input)
		}
		if int64(size) > maxJob {
			jobs, long = append(jobs, ""), append(long, int64(size))
		} else {
			jobs = append(jobs, input[:n])
		}
		input = input[n:]
	}
	return jobs, long
}

func check(t *testing.T, in io.Reader, input string, delim byte, maxJob int64) {
	t.Helper()
	k, err := splitAll(t, in, delim, maxJob)
	if err != nil {
		t.Fatal(err)
	}
	jobs, long := records(input, delim, maxJob)
	if len(k.jobs) != len(jobs) || len(k.long) != len(long) {
		t.Fatalf("%d jobs of which %d are too long, want %d and %d", len(k.jobs), len(k.long), len(jobs), len(long))
	}
	for i := range jobs {
		if k.jobs[i] != jobs[i] {
			t.Fatalf("job %d is %.60q, want %.60q", i+1, k.jobs[i], jobs[i])
		}
	}
	for i := range long {
		if k.long[i] != long[i] {
			t.Fatalf("%d bytes were too long, want %d", k.long[i], long[i])
		}
	}
}

func TestRecords(t *testing.T) {
	const block = batch.BlockSize
	line := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name   string
		input  string
		delim  byte
		maxJob int64
	}{
		{"empty input", "", '\n', 10},
		{"one line", "a\n", '\n', 10},
		{"no last newline", "a\nb", '\n', 10},
		{"only a delimiter", "\n", '\n', 10},
		{"empty records", "\n\na\n\n", '\n', 10},
		{"CRLF is data", "a\r\nb\r\n", '\n', 10},
		{"NUL is data", "a\x00b\nc\n", '\n', 10},
		{"NUL ends records", "a\nb\x00\x00c\x00d", 0, 10},
		{"invalid UTF-8", "\xff\xfe\n\xc3\n\x80", '\n', 10},
		{"one less than allowed", line(9) + "\n", '\n', 10},
		{"just as long as allowed", line(10) + "\n" + line(10), '\n', 10},
		{"one too long", line(11) + "\n", '\n', 10},
		{"one too long at the end", "a\n" + line(11), '\n', 10},
		{"too long among others", "a\n" + line(11) + "\nb\n" + line(500) + "\n\nc", '\n', 10},
		{"too long, one after the other", line(11) + "\n" + line(12) + "\n" + line(13), '\n', 10},
		{"nothing allowed", "\na\n\n", '\n', 0},
		{"many short lines and a tiny limit", strings.Repeat("a\nbb\nccc\n", 100_000), '\n', 2},
		{"longer than a block", line(3*block) + "\nb\n", '\n', 4 * block},
		{"a block less one", line(block-1) + "\nb\n", '\n', 4 * block},
		{"a block", line(block) + "\nb", '\n', 4 * block},
		{"long ones between short ones", "a\n" + line(block+7) + "\nb\n" + line(2*block) + "\n" + line(5) + "\n", '\n', 4 * block},
		{"a long one as long as allowed", line(3*block) + "\n" + line(3*block), '\n', 3 * block},
		{"a long one, one too long", line(3*block+1) + "\na\n" + line(3*block+1), '\n', 3 * block},
		{"several blocks of lines", strings.Repeat(line(99)+"\n", 10_000), '\n', 1000},
		{"lines that end with their blocks", strings.Repeat(line(block/2-1)+"\n", 7), '\n', block},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, strings.NewReader(c.input), c.input, c.delim, c.maxJob)
			check(t, iotest.HalfReader(strings.NewReader(c.input)), c.input, c.delim, c.maxJob)
			check(t, iotest.DataErrReader(strings.NewReader(c.input)), c.input, c.delim, c.maxJob)
			if len(c.input) < 3*block {
				check(t, iotest.OneByteReader(strings.NewReader(c.input)), c.input, c.delim, c.maxJob)
			}
		})
	}
}

func TestRandomInput(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var b strings.Builder
		most := 1 << rnd.IntN(20)
		for b.Len() < 1<<rnd.IntN(21) {
			b.WriteString(strings.Repeat(string(rune('a'+rnd.IntN(26))), rnd.IntN(most)))
			b.WriteByte('\n')
		}
		if rnd.IntN(2) == 0 {
			b.WriteString("the end")
		}
		check(t, chunks{strings.NewReader(b.String()), rnd, 1 << rnd.IntN(20)}, b.String(), '\n', int64(rnd.IntN(most+most/8+1)))
	}
}

// chunks is a reader that gives a random number of bytes at a time.
type chunks struct {
	io.Reader
	rnd  *rand.Rand
	most int
}

func (c chunks) Read(p []byte) (int, error) {
	return c.Reader.Read(p[:min(len(p), c.rnd.IntN(c.most+1))])
}

func FuzzSplit(f *testing.F) {
	f.Add("a\nb\n\nc", byte('\n'), uint16(3), uint8(2))
	f.Add(strings.Repeat("long", 99)+"\x00x", byte(0), uint16(7), uint8(200))
	f.Fuzz(func(t *testing.T, input string, delim byte, maxJob uint16, most uint8) {
		check(t, chunks{strings.NewReader(input), rand.New(rand.NewPCG(1, 1)), 1 + int(most)}, input, delim, int64(maxJob))
	})
}

// A record that the input broke off is not the job the user meant.
func TestReadErrorDropsTheBegunRecord(t *testing.T) {
	broken := errors.New("the disk is gone")
	in := io.MultiReader(strings.NewReader("a\nb\nrm -rf /home"), iotest.ErrReader(broken))
	k, err := splitAll(t, in, '\n', 100)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "after line 2") {
		t.Errorf("error %q", err)
	}
	if strings.Join(k.jobs, "") != "a\nb\n" {
		t.Errorf("jobs %q", k.jobs)
	}
}

func TestReadErrorInARecordThatIsTooLong(t *testing.T) {
	in := io.MultiReader(strings.NewReader("a\n"+strings.Repeat("x", 200)), iotest.ErrReader(io.ErrClosedPipe))
	k, err := splitAll(t, in, '\n', 100)
	if !errors.Is(err, io.ErrClosedPipe) || strings.Join(k.jobs, "") != "a\n" {
		t.Errorf("jobs %q, error %v", k.jobs, err)
	}
}

func TestSlowInputIsPassedOnAtOnce(t *testing.T) {
	r, w := io.Pipe()
	items := make(chan Item)
	s := Splitter{Delim: '\n', MaxJob: 100, Pool: batch.NewPool(1), Items: items, Wake: func() {}}
	go s.Run(context.Background(), r)
	k := &taker{t: t, delim: '\n'}
	for _, c := range []struct{ write, want string }{{"a\n", "a\n"}, {"b\nc", "b\n"}, {"d\nx", "cd\n"}} {
		w.Write([]byte(c.write))
		k.take(<-items)
		if got := k.jobs[len(k.jobs)-1]; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	w.Close()
	k.take(<-items)
	if _, ok := <-items; ok || k.jobs[3] != "x" {
		t.Errorf("jobs %q, or more", k.jobs)
	}
}

func TestCancelledWhileNobodyTakes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	items := make(chan Item)
	s := Splitter{Delim: '\n', MaxJob: 100, Pool: batch.NewPool(1), Items: items, Wake: func() {}}
	over := make(chan error)
	go func() { over <- s.Run(ctx, strings.NewReader("a\nb\n")) }()
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if _, ok := <-items; ok {
		t.Error("an item after the end")
	}
}

func TestPoolClosedWhileItsBudgetIsSpent(t *testing.T) {
	pool := batch.NewPool(1)
	pool.Get()
	s := Splitter{Delim: '\n', MaxJob: 100, Pool: pool, Items: make(chan Item), Wake: func() {}}
	over := make(chan error)
	go func() { over <- s.Run(context.Background(), strings.NewReader("a\nb\n")) }()
	pool.Close()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
