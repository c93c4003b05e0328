package server

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/message"
)

// lines is what was said so far, without the times.
func (r *rig) lines() (lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.log {
		line = regexp.MustCompile(`^time=\S+ |\n$`).ReplaceAllString(line, "")
		// How the system tells that the other side is gone differs.
		lines = append(lines, regexp.MustCompile(`(read|write): [a-z ]+`).ReplaceAllString(line, errClosed.Error()))
	}
	return lines
}

// Each thing that matters is a line; of a job there is nothing but its number.
func TestWhatIsSaid(t *testing.T) {
	for how, want := range map[message.How][]string{
		message.Verbose: {
			`level=INFO msg="worker joined" worker=anna slots=3`,
			`level=INFO msg="job tried again" worker=anna line=1 attempt=1 why="exit status 3"`,
			`level=WARN msg="worker lost" worker=anna jobs=3 lines=2,4-5 kept=2m0s why="it closed the connection"`,
			`level=INFO msg="worker back" worker=anna jobs=1 had=3`,
			`level=INFO msg="worker takes no jobs" worker=anna`,
			`level=INFO msg="worker left" worker=anna jobs=1 lines=5`,
		},
		message.Usual: {
			`jobpipe: worker anna is lost: it closed the connection; the 3 jobs it has are kept for it for 2m0s`,
		},
	} {
		r := start(t, func(c *Config) {
			if how == message.Verbose {
				verbose(c)
			}
			c.Schedule.Retries, c.Grace = 1, patience
		})
		anna := codec.Hello{Slots: 3, Name: "anna", Session: [16]byte{1}}
		w := r.connect(anna)
		r.jobs("secret\n")
		for range 2 {
			m := w.job()
			w.answer(codec.Result{Seq: 1, Attempt: m.Attempt, Code: 3})
		}
		r.jobs("secret\n")
		w.job()
		r.jobs("secret\n")
		w.job()
		w.answer(codec.Result{Seq: 3})
		r.jobs("secret\nsecret\n")
		w.job()
		r.do(func() {})
		w.Close()
		r.until("it is lost", func(run *live.Run) bool { return len(run.Workers) == 1 && run.Workers[0].Away })
		again := r.connect(anna)
		// All at once, so that it is given nothing more.
		b := again.enc.Append(nil, codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Last: true, Spans: []codec.HeldSpan{jobs(5, 1, 1)}}))
		b = again.enc.Append(b, codec.TypeSlots, codec.AppendSlots(nil, codec.Slots{}))
		b = again.enc.Append(b, codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
		if _, err := again.Write(b); err != nil {
			t.Fatal(err)
		}
		again.gone()
		if got := r.lines(); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, line := range r.lines() {
			if strings.Contains(line, "secret") {
				t.Errorf("a job is told: %s", line)
			}
		}
		failed := map[message.How]string{
			message.Verbose: `level=ERROR msg="job failed" worker=anna line=1 why="exit status 3" attempt=2`,
			message.Usual:   "jobpipe: line 1 failed: exit status 3",
		}[how]
		r.Stop(Halt)
		if _, stderr := r.written(); !strings.HasSuffix(stderr, failed+"\n") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("stderr: %q", stderr)
		}
	}
}

// A worker that says the same again and again fills no disk.
func TestFewLinesAboutTheSame(t *testing.T) {
	r := start(t, verbose)
	w := r.worker("fickle", 1)
	for i := range 400 {
		w.send(codec.TypeSlots, codec.AppendSlots(nil, codec.Slots{Slots: uint32(i % 2)}))
	}
	w.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{}))
	w.gone()
	if n := len(r.lines()); n < 100 || n > 250 {
		t.Errorf("%d lines", n)
	}
}
