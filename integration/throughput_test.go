package integration

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestManySmallJobs sends ten million jobs through one coordinator, which must
// give each result exactly once and not grow. JOBPIPE_LONG=1 makes it a hundred
// million.
func TestManySmallJobs(t *testing.T) {
	jobs := 10_000_000
	if os.Getenv("JOBPIPE_LONG") == "1" {
		jobs *= 10
	}
	const most = 40 << 20 // bytes of memory
	p := newPlace(t)
	c := p.start("c", "jobpipe -l unix:sock --listen-file addr <- >-")
	worker, err := meet(p.address("addr"), nil, helloOf("quick", 1000))
	if err != nil {
		t.Fatal(err)
	}
	_ = worker.conn.SetDeadline(time.Time{})
	worked := make(chan error, 1)
	go func() { worked <- worker.serve() }()

	began := time.Now()
	limit := began.Add(deadline + time.Duration(jobs)*20*time.Microsecond)
	_ = c.feed.SetWriteDeadline(limit)
	_ = c.drain.SetReadDeadline(limit)
	fed := make(chan error, 1)
	go func() { fed <- writeNumbers(c.feed, jobs) }()
	tally := newTally(jobs)
	if err := tally.read(c.drain, jobs); err != nil {
		t.Fatalf("%v; stderr of the coordinator:\n%s", err, c.stderr())
	}
	t.Logf("%d jobs in %.1f s", jobs, time.Since(began).Seconds())

	// All are done, and it still waits for more: nothing of its peak is missed.
	got, err := peakOf(c.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the coordinator has had %d MiB in memory", got>>20)
	if got > most {
		t.Errorf("the coordinator has had %d MiB in memory, more than %d", got>>20, most>>20)
	}
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c.drain); err != nil || len(rest) > 0 {
		t.Errorf("after all results came %q (%v)", rest, err)
	}
	p.finish(c, 0)
	if err := <-worked; err != nil {
		t.Error(err)
	}
}

// writeNumbers writes the numbers from 1 to n, a line each.
func writeNumbers(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 256<<10)
	var line []byte
	for i := 1; i <= n; i++ {
		line = append(strconv.AppendInt(line[:0], int64(i), 10), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// A tally ticks off numbers.
type tally struct {
	most int
	seen []uint64
}

func newTally(most int) *tally { return &tally{most, make([]uint64, most/64+1)} }

// read reads lines, until all numbers have been there, each exactly once.
func (t *tally) read(r io.Reader, n int) error {
	buf := make([]byte, 0, 1<<20)
	for n > 0 {
		got, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		rest := buf
		for {
			line, after, found := bytes.Cut(rest, []byte{'\n'})
			if !found {
				break
			}
			if err := t.tick(line); err != nil {
				return err
			}
			rest, n = after, n-1
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err != nil && n > 0 {
			return fmt.Errorf("%d results are missing: %w", n, err)
		}
	}
	if len(buf) > 0 {
		return fmt.Errorf("after the last result comes %q", buf)
	}
	return nil
}

func (t *tally) tick(line []byte) error {
	n := 0
	for _, c := range line {
		if c < '0' || c > '9' || n > t.most {
			return fmt.Errorf("%q is no result", line)
		}
		n = 10*n + int(c-'0')
	}
	if n < 1 || n > t.most {
		return fmt.Errorf("%q is a result of no job", line)
	}
	word, bit := n/64, uint64(1)<<(n%64)
	if t.seen[word]&bit != 0 {
		return fmt.Errorf("job %d has two results", n)
	}
	t.seen[word] |= bit
	return nil
}

func TestTally(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{"2\n1\n3\n", true},
		{"2\n1\n", false},
		{"2\n1\n2\n", false},
		{"2\n1\n4\n", false},
		{"2\n1\n0\n", false},
		{"2\n1\nx\n", false},
		{"2\n1\n3\n3\n", false},
	} {
		if err := newTally(3).read(bytes.NewBufferString(test.text), 3); (err == nil) != test.ok {
			t.Errorf("%q: %v", test.text, err)
		}
	}
}
