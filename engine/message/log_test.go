package message

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// A recorder is what was written, without the times.
type recorder struct{ lines []string }

var moment = regexp.MustCompile(`^time=\S+ `)

func (r *recorder) log(how How) *Log {
	return New("prog", how, func(line []byte) { r.lines = append(r.lines, moment.ReplaceAllString(string(line), "")) })
}

func (r *recorder) text() string { return strings.Join(r.lines, "") }

func TestForms(t *testing.T) {
	for how, want := range map[How]string{
		Usual: "prog: listening\nprog: worker one is lost: no route\nprog: made a key\nprog: cannot\nprog: line 3 failed: exit status 1\n",
		Quiet: "prog: cannot\nprog: line 3 failed: exit status 1\n",
		Verbose: `level=INFO msg="worker joined" worker=one slots=2
level=INFO msg=listening addr=:1
level=WARN msg="worker lost" worker=one why="no route" kept=30s
level=WARN msg="made a key"
level=ERROR msg=cannot
level=ERROR msg="job failed" line=3
`,
	} {
		var r recorder
		l := r.log(how)
		l.Info("worker joined", "worker", "one", "slots", 2)
		l.Tell("listening", "listening", "addr", ":1")
		l.Warn("worker lost", "worker one is lost: no route", "worker", "one", "why", errors.New("no route"), "kept", 30*time.Second)
		l.Warnf("made %s", "a key")
		l.Errorf("cannot")
		failed := l.Failed("line 3 failed: exit status 1", "line", 3)
		l.Close()
		if got := r.text() + moment.ReplaceAllString(string(failed), ""); got != want {
			t.Errorf("%v: got\n%s\nwant\n%s", how, got, want)
		}
	}
}

// A structured line is one line of plain characters, whatever others have said.
func TestStructuredLinesAreClean(t *testing.T) {
	var r recorder
	l := r.log(Verbose)
	evil := []string{"\n", "\r\x1b]0;title\a", "\x00\x7f\u009b2J", "\xff\xfe", "a=b msg=\"x\"", "\u202eback\u200b", "\u2028", "\U000e0041"}
	for _, text := range evil {
		l.Info("worker joined", "worker", text, "why", errors.New(text))
		l.Warnf("%s", text)
	}
	for _, line := range r.lines {
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || strings.ContainsFunc(line[:len(line)-1], func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q", line)
		}
	}
	if len(r.lines) != 2*len(evil) {
		t.Errorf("%d lines", len(r.lines))
	}
}

func TestCrowds(t *testing.T) {
	for how, more := range map[How]string{
		Usual:   "prog: worker lost: 7 times more\n",
		Verbose: "level=WARN msg=\"worker lost\" more=7\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var r recorder
			l := r.log(how)
			lose := func(n int) {
				for i := range n {
					l.Warn("worker lost", fmt.Sprint("lost ", i), "n", i)
				}
			}
			lose(mostAlike / 2)
			time.Sleep(alikeTime / 2)
			lose(mostAlike/2 + 7)
			if len(r.lines) != mostAlike {
				t.Fatalf("%d lines", len(r.lines))
			}
			l.Warn("no workers", "no workers")
			if len(r.lines) != mostAlike+1 {
				t.Error("nothing else is said")
			}
			// How many there were is said when the minute is over.
			time.Sleep(alikeTime/2 - 1)
			synctest.Wait()
			if len(r.lines) != mostAlike+1 {
				t.Error("it is said too soon")
			}
			time.Sleep(2 * time.Nanosecond)
			synctest.Wait()
			if r.lines[len(r.lines)-1] != more {
				t.Errorf("got %q, want %q", r.lines[len(r.lines)-1], more)
			}
			// Those of a quiet time are not held against those that follow.
			r.lines = nil
			lose(mostAlike)
			time.Sleep(2 * alikeTime)
			lose(mostAlike)
			if len(r.lines) != 2*mostAlike {
				t.Errorf("then %d lines", len(r.lines))
			}
			// At the end there is no need to wait.
			lose(7)
			l.Close()
			if n := len(r.lines); n != 2*mostAlike+1 || r.lines[n-1] != more {
				t.Errorf("at the end: %q", r.lines[2*mostAlike:])
			}
		})
	}
}
