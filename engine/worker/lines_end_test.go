package worker

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

func TestHowLinesFail(t *testing.T) {
	for _, c := range []struct {
		name, line string
		answered   uint64 // by each process
		outcome    codec.Outcome
		code       uint64
		note       string
	}{
		{"too few", "head -n 3", 3, codec.Unrunnable, 0, "ended without an answer"},
		{"none at all", "true", 0, codec.Unrunnable, 0, "ended without an answer"},
		{"status", "head -n 2; echo why >&2; exit 7", 2, codec.Exited, 7, ""},
		{"signal", "head -n 2; kill -9 $$", 2, codec.Signaled, 9, ""},
		{"signal in a line", "head -n 2; printf half; kill -9 $$", 2, codec.Signaled, 9, ""},
		{"closed stdout", "head -n 1; exec >&-; sleep 600", 1, codec.Unrunnable, 0, "closed its stdout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := shLines(t, c.line)
			r.numbers(1, 200) // so many that no luck hides that processes end too early
			r.until(func() bool { return len(r.failed) > 0 })
			for seq, o := range r.failed {
				// A process that has nothing left when it ends fails no job.
				if (seq-1)%max(c.answered, 1) != 0 || o.Outcome != c.outcome || o.Code != c.code || !strings.Contains(string(o.Note), c.note) {
					t.Errorf("%+v", o)
				}
				// Two pipes have no common order: what is read together with the
				// last answer goes with it.
				if said := r.stderr[seq-1] + string(o.Stderr); c.name == "status" && said != "why\n" {
					t.Errorf("stderr %q", said)
				}
			}
			// A frame may tell of more than one that failed.
			r.want(1, slices.Min(slices.Collect(maps.Keys(r.failed)))-1, same)
		})
	}
}

// A command that never reads costs a process for each job: that is said.
func TestCommandThatNeverReads(t *testing.T) {
	r := inLines(t, 2, []string{"false"})
	jobByJob := func() {
		for seq := range uint64(10) {
			r.numbers(seq+1, 1)
			r.until(func() bool { return len(r.failed)+len(r.answered) > int(seq) })
		}
	}
	jobByJob()
	if !r.logged.has("read line after line") {
		t.Error("nobody is told")
	}
	for _, line := range []string{"read n; echo $n", "read n; kill -9 $$"} {
		r = shLines(t, line)
		jobByJob()
		if r.logged.has("read line after line") {
			t.Errorf("said of %s", line)
		}
	}
}

// A line that answers nobody, and lacks its end, is not lost in silence.
func TestLastLineOfNobody(t *testing.T) {
	r := shLines(t, "read n; echo $n; printf bye")
	r.numbers(1, 1)
	r.answers(1)
	for end := time.Now().Add(patience); !r.logged.has("more lines than it was given"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody is told")
		}
	}
}

// What is neither answered nor failed is given back or still there.
func TestTheRestGoesBack(t *testing.T) {
	t.Parallel()
	r := shLines(t, "head -n 1; sleep 600", func(w *codec.Welcome) { w.Timeout = 5 * time.Second })
	r.numbers(1, 1)
	r.answers(1) // in the pipe now: as much as was answered in milliseconds
	r.numbers(2, 1)
	r.until(func() bool { return len(r.failed) > 0 })
	if o := r.failed[2]; o.Outcome != codec.TimedOut {
		t.Errorf("%+v", r.failed)
	}
}

func TestJobsBehindAFailedOneGoBackUncharged(t *testing.T) {
	r := shLines(t, `while read n; do [ $n = 600 ] && exit 3; echo $n; done`)
	r.numbers(1, 1000)
	r.until(func() bool { return len(r.failed) > 0 && len(r.answered)+r.givenBack() >= 999 })
	if o, ok := r.failed[600]; !ok || o.Code != 3 || len(r.failed) != 1 {
		t.Errorf("%+v", r.failed)
	}
	r.want(1, 599, same)
}

// givenBack is how many jobs were given back.
func (r *reading) givenBack() (n int) {
	for _, list := range r.back {
		for s := range strings.FieldsSeq(list) {
			var first, last int
			if _, err := sscan(s, &first, &last); err != nil {
				r.t.Fatal(err)
			}
			n += last - first + 1
		}
	}
	return n
}

func TestTooManyLines(t *testing.T) {
	r := shLines(t, "sed -u p")
	r.numbers(1, 3)
	r.until(func() bool { return len(r.failed)+len(r.answered) >= 3 })
	for seq, o := range r.failed {
		if o.Outcome != codec.Unrunnable || !strings.Contains(string(o.Note), "more lines") {
			t.Errorf("job %d: %+v", seq, o)
		}
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if len(r.failed) > 0 || r.logged.has("more lines") {
			return
		}
	}
	t.Error("nobody is told")
}

// xargs -n1 echo prints a line for no input: each idle slot has such a process.
func TestTooManyLinesAreToldOfOnce(t *testing.T) {
	r := inLines(t, 8, []string{"sh", "-c", "sed -u q; cat; echo more"})
	r.numbers(1, 1)
	r.answers(1)
	r.over(0)
	r.slots0()
	r.goodbye(done)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if n := r.logged.count("more lines"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestLastLineWithoutItsEndIsAnAnswer(t *testing.T) {
	for _, line := range []string{"cat >/dev/null; printf x", "cat >/dev/null; head -c 200000 /dev/zero | tr '\\0' x"} {
		r := shLines(t, line)
		r.numbers(1, 1)
		r.answers(1)
		if got := r.answered[1]; strings.Trim(got, "x") != "\n" || len(got) != 2 && len(got) != 200_001 {
			t.Errorf("%d bytes", len(got))
		}
	}
}

func TestLongLineBrokenOff(t *testing.T) {
	r := shLines(t, "head -c 200000 /dev/zero | tr '\\0' x; kill -9 $$")
	r.numbers(1, 1)
	r.until(func() bool { return len(r.failed) > 0 })
	if o := r.failed[1]; o.Outcome != codec.Signaled {
		t.Errorf("%+v", o.Result)
	}
	r.jobs(1, 2, "again")
	r.until(func() bool { return len(r.failed) > 0 && r.failed[1].Attempt == 2 })
}

func TestTooLargeLine(t *testing.T) {
	for _, most := range []int64{10, 100_000} {
		r := listen(begin(t, maxResult(t, most, "cat")))
		line := strings.Repeat("x", int(most))
		r.jobs(1, 1, "a", "b")
		r.answers(2)
		for at := 0; at < len(line); at += 50_000 {
			end := min(at+50_000, len(line))
			r.jobPart(3, 1, line[at:end], end == len(line))
		}
		r.until(func() bool { return len(r.failed) > 0 })
		if o := r.failed[3]; o.Outcome != codec.TooLarge {
			t.Errorf("%+v", r.failed)
		}
		r.jobs(4, 1, "c")
		r.answers(3)
	}
}

func TestCancelOfALine(t *testing.T) {
	r := shLines(t, "while read n; do sleep 600; done")
	r.numbers(1, 3)
	time.Sleep(50 * time.Millisecond)
	r.cancelJobs(codec.Span{Seq: 1, Count: 1})
	r.until(func() bool { return r.givenBack() > 0 })
	if r.back[0] != "1-1" {
		t.Errorf("%q", r.back)
	}
}

func TestCancelOfALongLine(t *testing.T) {
	r := shLines(t, "head -c 2000000 /dev/zero | tr '\\0' x; sleep 600", credit(1000))
	r.stingy = true
	r.numbers(1, 1)
	for r.used < 1000 {
		r.takeIn(r.next())
	}
	r.cancelJobs(codec.Span{Seq: 1, Count: 1})
	r.until(func() bool { return r.givenBack() > 0 })
	delete(r.parts, 1)
	r.ack(1000)
	r.echo() // no part comes any more
}

func TestRevokeLeavesWhatAProcessHas(t *testing.T) {
	g := newGates(t, 1)
	r := shLines(t, "while read n; do cat "+g.path(1)+"; echo $n; done")
	r.numbers(1, 5)
	g.reached(1)
	r.revoke(10)
	r.until(func() bool { return len(r.back) > 0 })
	if r.back[0] != "2-5" {
		t.Errorf("%q", r.back)
	}
	g.pass(1, "")
	r.answers(1)
}

func TestDrainInLineMode(t *testing.T) {
	g := newGates(t, 1)
	r := shLines(t, "while read n; do cat "+g.path(1)+"; echo $n; done")
	r.keep = true
	r.numbers(1, 3)
	g.reached(1)
	r.drain()
	r.until(func() bool { return len(r.slots) > 0 && len(r.back) > 0 })
	g.pass(1, "")
	r.answers(1)
	if r.givenBack() != 2 || len(r.slots) != 1 || r.slots[0] != 0 {
		t.Errorf("%q %v", r.back, r.slots)
	}
	r.echo() // it waits for the acknowledgement
	r.acknowledge(1, 1)
	r.goodbye(done)
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

func TestDrainOfAFilterThatCollects(t *testing.T) {
	r := shLines(t, "sort -n")
	r.numbers(1, 1)
	r.drain()
	r.until(func() bool { return len(r.answered)+r.givenBack() == 1 && len(r.slots) > 0 })
	r.goodbye(done)
}

func TestCommandThatCannotRunInLineMode(t *testing.T) {
	cfg := config(t, "cat")
	cfg.Lines = true
	broken := config(t, writeScript(t, "#!/no/such/program\n"))
	cfg.Command = broken.Command
	r := listen(begin(t, cfg))
	r.numbers(1, 2)
	r.until(func() bool { return r.givenBack() == 2 })
	r.goodbye(cannotRun)
	if err := r.end(); err == nil {
		t.Error("no error")
	}
}

func TestAcknowledgementsInLineMode(t *testing.T) {
	r := inLines(t, 1, []string{"cat"})
	r.keep = true
	r.numbers(1, 500)
	r.answers(500)
	r.drain()
	r.slots0()
	for seq := uint64(498); seq >= 3; seq -= 3 { // in pieces, from the end
		r.acknowledge(seq, 3)
	}
	r.echo()
	r.acknowledge(1, 2)
	r.goodbye(done)
}
