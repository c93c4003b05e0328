package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

func TestJobsOfOneFrame(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.jobs(5, 2, "five", "", "seven\r\x00\xff")
	for i, want := range []string{"five\n", "\n", "seven\r\x00\xff\n"} {
		r := c.result()
		if r.Seq != uint64(5+i) || r.Attempt != 2 || string(r.Stdout) != want || r.Outcome != codec.Exited || r.Code != 0 {
			t.Errorf("job %d: %+v, want %q", 5+i, r, want)
		}
	}
}

func TestLastRecordMayLackItsDelimiter(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.send(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 2, Attempt: 1, Records: []byte("one\ntwo")}))
	first, second := c.result(), c.result()
	if string(first.Stdout) != "one\n" || string(second.Stdout) != "two" {
		t.Errorf("got %q and %q", first.Stdout, second.Stdout)
	}
}

func TestNULEndsRecords(t *testing.T) {
	c := begin(t, config(t, "cat"), func(w *codec.Welcome) { w.Delim = 0 })
	c.send(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 2, Attempt: 1, Records: []byte("a\nb\x00c\x00")}))
	first, second := c.result(), c.result()
	if string(first.Stdout) != "a\nb\x00" || string(second.Stdout) != "c\x00" {
		t.Errorf("got %q and %q", first.Stdout, second.Stdout)
	}
}

func TestRecordInParts(t *testing.T) {
	c := begin(t, config(t, "cat"))
	want := strings.Repeat("0123456789", 20_000) + "\n"
	for at := 0; at < len(want); at += 60_000 {
		end := min(at+60_000, len(want))
		c.jobPart(9, 3, want[at:end], end == len(want))
		if end < len(want) {
			c.echo() // other frames may come between
		}
	}
	r := c.result()
	if r.Seq != 9 || r.Attempt != 3 || string(r.Stdout) != want {
		t.Errorf("job %d, attempt %d: %d bytes, want %d", r.Seq, r.Attempt, len(r.Stdout), len(want))
	}
	c.jobPart(10, 1, "small", true)
	if r = c.result(); r.Seq != 10 || string(r.Stdout) != "small" {
		t.Errorf("job %d: %q", r.Seq, r.Stdout)
	}
}

func TestRecordAsLargeAsAllowed(t *testing.T) {
	c := begin(t, config(t, "cat"), func(w *codec.Welcome) { w.MaxJob = 10 })
	c.jobPart(1, 1, "0123456789\n", true)
	if r := c.result(); len(r.Stdout) != 11 {
		t.Errorf("got %q", r.Stdout)
	}
}

func TestWhatAJobKnowsAndSays(t *testing.T) {
	c := begin(t, sh(t, `echo $JOBPIPE_RUN $JOBPIPE_SEQ $JOBPIPE_ATTEMPT $JOBPIPE_SLOT $JOBPIPE_WORKER; echo oops >&2; exit 3`))
	c.jobs(8, 4, "x")
	r := c.result()
	if got, want := string(r.Stdout), "ab0000000000000000000000000000cd 8 4 1 here\n"; got != want {
		t.Errorf("the environment says %q, want %q", got, want)
	}
	if string(r.Stderr) != "oops\n" || r.Outcome != codec.Exited || r.Code != 3 {
		t.Errorf("stderr %q, outcome %d, code %d", r.Stderr, r.Outcome, r.Code)
	}
	if start := time.UnixMicro(int64(r.Start)); time.Since(start) > patience || r.Took == 0 {
		t.Errorf("started at %v, took %d microseconds", start, r.Took)
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       codec.Outcome
		code       uint64
	}{
		{"a signal", "kill -USR1 $$", codec.Signaled, 10},
		{"out of time", "sleep 1000", codec.TimedOut, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := begin(t, sh(t, c.line), func(w *codec.Welcome) {
				if c.want == codec.TimedOut {
					w.Timeout = 10 * time.Millisecond
				}
			})
			b.jobs(1, 1, "x")
			if r := b.result(); r.Outcome != c.want || r.Code != c.code {
				t.Errorf("outcome %d, code %d, note %q", r.Outcome, r.Code, r.Note)
			}
		})
	}
}

func TestSlotsRunJobsAtTheSameTime(t *testing.T) {
	g := newGates(t, 3)
	c := begin(t, g.config(3))
	c.jobs(1, 1, "a", "b", "c")
	for n := 1; n <= 3; n++ {
		g.reached(n)
	}
	for n := 3; n >= 1; n-- {
		g.pass(n, "")
		if r := c.result(); r.Seq != uint64(n) {
			t.Errorf("the result of job %d, want %d", r.Seq, n)
		}
	}
}

func TestOldestJobGoesFirst(t *testing.T) {
	c := begin(t, config(t, "cat"))
	c.jobs(7, 1, "a", "b")
	c.jobs(3, 1, "c")
	var got []uint64
	for range 3 {
		got = append(got, c.result().Seq)
	}
	if !slices.Equal(got, []uint64{7, 8, 3}) {
		t.Errorf("ran %d", got)
	}
}

func TestCompressedJobsAndResults(t *testing.T) {
	for _, how := range []codec.Compression{codec.S2, codec.Zstd} {
		t.Run(strconv.Itoa(int(how)), func(t *testing.T) {
			c := begin(t, config(t, "cat"), func(w *codec.Welcome) { w.Compression = how })
			record := strings.Repeat("the same again ", 2000)
			c.jobs(1, 1, record, record)
			for range 2 {
				if r := c.result(); string(r.Stdout) != record+"\n" {
					t.Errorf("job %d printed %d bytes", r.Seq, len(r.Stdout))
				}
			}
		})
	}
}

func TestEmptyResult(t *testing.T) {
	c := begin(t, config(t, "true"), func(w *codec.Welcome) { w.Credit = 0 })
	c.jobs(1, 1, "x") // it needs no credit
	if r := c.result(); len(r.Stdout) != 0 || !bytes.Equal(r.Stderr, nil) {
		t.Errorf("got %+v", r)
	}
}

// Results wait for company only while the jobs behind them are short.
func TestResultsDoNotWaitForALongJob(t *testing.T) {
	for name, parts := range map[string]int{"small": 1, "larger than a pipe": 4} {
		t.Run(name, func(t *testing.T) {
			over := filepath.Join(t.TempDir(), "over")
			c := begin(t, sh(t, `read -r x; case $x in long*) until [ -e `+over+` ]; do sleep .01; done; x=long; esac; echo "$x"`))
			c.jobs(1, 1, "a", "b")
			for n := 1; n <= parts; n++ {
				c.jobPart(3, 1, "long"+strings.Repeat("x", 40_000), n == parts)
			}
			for seq, want := range []string{"a\n", "b\n"} {
				if r := c.result(); r.Seq != uint64(seq+1) || string(r.Stdout) != want {
					t.Fatalf("job %d printed %q, want %q of job %d", r.Seq, r.Stdout, want, seq+1)
				}
			}
			if err := os.WriteFile(over, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if r := c.result(); string(r.Stdout) != "long\n" {
				t.Errorf("the long job printed %q", r.Stdout)
			}
		})
	}
}
