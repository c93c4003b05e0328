package message

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// A recorder is what was written, without the times.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

var moment = regexp.MustCompile(`^time=\S+ `)

func (r *recorder) log(how How) *Log {
	return New("prog", how, func(line []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lines = append(r.lines, moment.ReplaceAllString(string(line), ""))
	})
}

// take is what was written since the last time.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	r.lines = nil
	return lines
}

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
		if got := strings.Join(r.take(), "") + moment.ReplaceAllString(string(failed), ""); got != want {
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
	lines := r.take()
	for _, line := range lines {
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || strings.ContainsFunc(line[:len(line)-1], func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q", line)
		}
	}
	if len(lines) != 2*len(evil) {
		t.Errorf("%d lines", len(lines))
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
			if n := len(r.take()); n != mostAlike {
				t.Fatalf("%d lines", n)
			}
			l.Warn("no workers", "no workers")
			if n := len(r.take()); n != 1 {
				t.Error("nothing else is said")
			}
			// How many there were is said when the minute is over.
			time.Sleep(alikeTime/2 - time.Millisecond)
			synctest.Wait()
			if got := r.take(); len(got) > 0 {
				t.Errorf("it is said too soon: %q", got)
			}
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if got := r.take(); len(got) != 1 || got[0] != more {
				t.Errorf("got %q, want %q", got, more)
			}
			// Those of a quiet time are not held against those that follow.
			lose(mostAlike)
			time.Sleep(2 * alikeTime)
			lose(mostAlike)
			if n := len(r.take()); n != 2*mostAlike {
				t.Errorf("then %d lines", n)
			}
			// At the end there is no need to wait.
			lose(7)
			l.Close()
			if got := r.take(); len(got) != 1 || got[0] != more {
				t.Errorf("at the end: %q", got)
			}
		})
	}
}
