package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHowAFilterEnds(t *testing.T) {
	const some = -1
	for _, c := range []struct {
		name, line string
		answered   int
		outcome    Outcome
		code       int
	}{
		{"too few", "head -n 3", 3, Exited, 0},
		{"none at all", "true", 0, Exited, 0},
		{"status", "head -n 2; exit 7", 2, Exited, 7},
		{"signal", "head -n 2; kill -9 $$", 2, Signaled, 9},
		{"too many", "sed -u 'p;p;p;p;p;p;p;p'", some, Unrunnable, 0},
		{"too many at once", "yes", some, Unrunnable, 0},
		{"no last newline", "head -n 9; printf end", 9, Exited, 0},
		{"closes its stdout", "head -n 2; exec >&-; exec sleep 600", 2, Unrunnable, 0},
		{"closes its stdin", "read a; read b; exec <&-; sleep 0.2; echo $a; echo $b", 2, Exited, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := shDesk(t, c.line)
			d.give(numbers(1, 10)...)
			d.end()
			r := d.run(0)
			if r.Outcome != c.outcome || r.Code != c.code || c.answered != some && d.lines != c.answered {
				t.Errorf("outcome %d code %d note %q after %d answers", r.Outcome, r.Code, r.Note, d.lines)
			}
			if c.name == "no last newline" && !strings.HasSuffix(d.text(), "\nend") {
				t.Errorf("%q", d.text())
			}
		})
	}
}

func TestTimeoutIsOfTheOldestRecord(t *testing.T) {
	dir := t.TempDir()
	d := shDesk(t, "while read n; do until test -e "+dir+"/$n; do sleep 0.01; done; echo $n; done")
	records := numbers(1, 4)
	d.give(records...)
	f, now := d.begin(time.Minute), time.Now()
	f.pace.least = len(records) // it has all of them at once
	f.feed(now)
	for n, record := range records[:3] {
		if err := os.WriteFile(filepath.Join(dir, record), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		d.printed()
		now = now.Add(59 * time.Second)
		f.read(now)
		f.onTime(now)
		if f.p.ending || d.lines != n+1 {
			t.Fatalf("after %d answers, 59 s each: ended %v", d.lines, f.p.ending)
		}
	}
	for _, wait := range []time.Duration{59 * time.Second, time.Second} {
		now = now.Add(wait)
		f.onTime(now) // a look at what it does
		f.onTime(now)
		if over := wait == time.Second; f.p.ending != over {
			t.Errorf("ended %v, want %v", f.p.ending, over)
		}
	}
	if r := d.finish(); r.Outcome != TimedOut {
		t.Errorf("outcome %d", r.Outcome)
	}
}

func TestIdleFilterDoesNotTimeOut(t *testing.T) {
	d := newDesk(t, Options{}, "cat")
	d.serve(func() {
		d.give("a")
		d.await(1)
		time.Sleep(300 * time.Millisecond)
		d.give("b")
		d.await(2)
	})
	if d.runs != 1 {
		t.Errorf("%d processes", d.runs)
	}
}

func TestWaitingForRoomIsNobodysTime(t *testing.T) {
	for _, line := range []string{"cat", "head -n 1; exit 3"} {
		d := shDesk(t, line)
		d.full = true
		d.give("a")
		d.end()
		f, now := d.begin(time.Minute), time.Now()
		f.feed(now)
		d.printed()
		f.read(now)
		now = now.Add(time.Hour)
		f.onTime(now)
		d.clear()
		f.rung(now)
		f.onTime(now) // a look at what it does
		f.onTime(now)
		f.read(now)
		if f.p.ending || d.lines != 1 {
			t.Errorf("%s: ended %v after %d answers", line, f.p.ending, d.lines)
		}
		d.finish()
	}
}

func TestTimeoutOfAFilterThatIgnoresTerm(t *testing.T) {
	d := newDesk(t, Options{KillAfter: 50 * time.Millisecond}, "sh", "-c", "trap '' TERM; while :; do sleep 600; done")
	d.give("x")
	if r := d.run(100 * time.Millisecond); r.Outcome != TimedOut {
		t.Error(r.Outcome)
	}
}

func TestCancelOfAFilter(t *testing.T) {
	d := shDesk(t, "sleep 600")
	d.give("x")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := d.f.Run(ctx, d, "run", 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := d.f.Run(ctx, d, "run", 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestFilterThatStaysIsEnded(t *testing.T) {
	d := newDesk(t, Options{KillAfter: 100 * time.Millisecond}, "sh", "-c", "cat; exec sleep 600")
	start := time.Now()
	d.serve(func() {
		d.give("x")
		d.await(1)
	})
	if took := time.Since(start); took > patience {
		t.Error(took)
	}
}

func TestGrandchildHoldsThePipesOfAFilter(t *testing.T) {
	d := shDesk(t, "sleep 600 & head -n 1")
	d.give("x")
	if r := d.run(0); r.Outcome != Exited || d.lines != 1 {
		t.Error(r.Outcome, d.lines)
	}
}

func TestStderrOfAFilter(t *testing.T) {
	d := shDesk(t, "read n; echo one >&2; printf two >&2; exit 3")
	d.give("x")
	r := d.run(0)
	if got := text(t, &r.Stderr); got != "one\ntwo" {
		t.Errorf("%q", got)
	}
	d = shDesk(t, "yes | head -c 1000000 >&2")
	d.give("x")
	r = d.run(0)
	if got := text(t, &r.Stderr); len(got) != lastWords || !strings.HasSuffix(strings.Trim(got, "\n"), "y\ny") {
		t.Errorf("%d bytes", len(got))
	}
}

// A poll that a signal ends late has told of nothing: what the process wrote
// before it exited is in its pipes all the same.
func TestAnswersAreReadHoweverLate(t *testing.T) {
	d := shDesk(t, "read n; echo err >&2; echo $n")
	d.give("x")
	f := d.begin(0)
	p := f.p
	f.feed(time.Now())
	for !zombie(p.pid) {
		time.Sleep(time.Millisecond)
	}
	p.left()
	late := p.exited.Add(time.Hour)
	f.onTime(late)
	if p.out == none {
		t.Fatal("stdout is closed unread")
	}
	f.read(late)
	f.onTime(late.Add(time.Hour)) // at its end by now
	f.read(late)
	f.onTime(late.Add(time.Hour))
	p.reap()
	if d.lines != 1 || string(f.errs) != "err\n" || p.out != none || p.err != none {
		t.Errorf("%d answers, stderr %q, pipes %d and %d", d.lines, f.errs, p.out, p.err)
	}
}
