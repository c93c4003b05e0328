package output

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/order"
)

// A monitor is what somebody sees who looks at a terminal.
type monitor struct {
	t        *testing.T
	other    *os.File // what the terminal gets
	terminal *os.File
	all      string   // all bytes so far
	lines    []string // above the one with the cursor
	line     []byte   // the one with the cursor
	col      int
}

// watchTerminal starts a writer with stderr, and stdout if both, on a terminal.
func watchTerminal(t *testing.T, both bool) (*rig, *monitor) {
	t.Helper()
	other, terminal := openTerminal(t)
	t.Setenv("TERM", "xterm")
	o := Options{Stderr: terminal}
	if both {
		o.Stdout = terminal
	}
	return start(t, o), &monitor{t: t, other: other, terminal: terminal}
}

// until reads until text has come.
func (m *monitor) until(text string) {
	m.t.Helper()
	b := make([]byte, 4096)
	for seen := len(m.all); !strings.Contains(m.all[seen:], text); {
		if err := m.other.SetReadDeadline(time.Now().Add(forever)); err != nil {
			m.t.Fatal(err)
		}
		n, err := m.other.Read(b)
		if err != nil {
			m.t.Fatalf("waiting for %q: %v; so far %q", text, err, m.all)
		}
		m.all += string(b[:n])
		m.show(string(b[:n]))
	}
}

func (m *monitor) show(s string) {
	for len(s) > 0 {
		switch {
		case strings.HasPrefix(s, eraseBelow), strings.HasPrefix(s, eraseLine):
			m.line = m.line[:m.col]
			s = s[2:]
		case strings.HasPrefix(s, cutOff), strings.HasPrefix(s, wrap): // it is wide enough
			s = s[4:]
		case s[0] == '\r':
			m.col = 0
		case s[0] == '\n':
			m.lines = append(m.lines, string(m.line))
			m.line = m.line[:0]
		default:
			m.line = append(m.line[:m.col], append([]byte{s[0]}, m.line[min(m.col+1, len(m.line)):]...)...)
			m.col++
		}
		s = s[1:]
	}
}

// expect compares the lines above the last one, and the last one.
func (m *monitor) expect(above, last string) {
	m.t.Helper()
	if got := strings.Join(m.lines, "|"); got != above || string(m.line) != last {
		m.t.Errorf("the terminal shows %q and %q, want %q and %q; it got %q", got, m.line, above, last, m.all)
	}
}

func TestStatusMakesWay(t *testing.T) {
	r, m := watchTerminal(t, true)
	r.Status("0 of 2")
	m.until("0 of 2")
	m.expect("", "0 of 2")
	r.Message([]byte("hello\n"))
	m.until("0 of 2")
	m.expect("hello", "0 of 2")
	r.Submit([]order.Op{stdout("one\n"), stderr("warning\n"), stdout("two\n")})
	m.until("0 of 2")
	m.expect("hello|one|warning|two", "0 of 2")
	r.Status("2 of 2, done")
	m.until("done")
	r.Status("2")
	m.until("2" + eraseBelow + wrap + "\r")
	m.expect("hello|one|warning|two", "2")
	r.Message([]byte("bye\n"))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	m.terminal.WriteString("$")
	m.until("$")
	m.expect("hello|one|warning|two|bye", "$")
}

// Where the text stays as it is, it is still drawn again from time to time.
func TestStatusIsFreshened(t *testing.T) {
	other, terminal := openTerminal(t)
	to, err := newSink(terminal)
	if err != nil {
		t.Fatal(err)
	}
	m := &monitor{t: t, other: other, terminal: terminal}
	s := status{to: to, terminal: true}
	s.say("status")
	s.say("status")
	m.until("status")
	s.told = time.Now().Add(-freshen)
	s.say("status")
	m.until("status")
	if n := strings.Count(m.all, "status"); n != 2 {
		t.Errorf("it was drawn %d times", n)
	}
}

// What jobs print in parts is not taken apart.
func TestStatusWaitsForTheEndOfALine(t *testing.T) {
	r, m := watchTerminal(t, false)
	r.Status("status")
	m.until("status")
	r.Submit([]order.Op{stderr("some ")})
	m.until("some ")
	r.Status("changed")
	r.wait(stdout("x\n"))
	m.expect("", "some ")
	r.Submit([]order.Op{stderr("more\n")})
	m.until("changed")
	m.expect("some more", "changed")
	r.Submit([]order.Op{stderr("not ended")})
	r.Message([]byte("hello\n"))
	m.until("changed")
	m.expect("some more|not ended|hello", "changed")
	r.Status("")
	r.Close()
	m.until(eraseBelow)
	m.expect("some more|not ended|hello", "")
}

func TestStatusDoesNotQueueUp(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	defer pw.Close()
	other, terminal := openTerminal(t)
	t.Setenv("TERM", "xterm")
	r, m := start(t, Options{Stdout: pw, Stderr: terminal}), &monitor{t: t, other: other, terminal: terminal}
	r.Submit([]order.Op{{Kind: order.Stdout, Data: make([]byte, 4<<20)}}) // more than the pipe holds
	for range 1000 {
		r.Status("old")
	}
	r.Status("new")
	go io.Copy(io.Discard, pr)
	m.until("new")
	if n := strings.Count(m.all, "old"); n > 1 {
		t.Errorf("%d statuses were drawn late", n)
	}
	r.Close()
}

// Who waits for a stdout that takes nothing is told so.
func TestStatusWhileStdoutIsStuck(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	defer pw.Close()
	other, terminal := openTerminal(t)
	t.Setenv("TERM", "xterm")
	r, m := start(t, Options{Stdout: pw, Stderr: terminal}), &monitor{t: t, other: other, terminal: terminal}
	r.Submit([]order.Op{{Kind: order.Stdout, Data: make([]byte, 4<<20)}}) // more than the pipe holds
	for r.Stuck() <= patience {
		time.Sleep(patience / 10)
	}
	r.Status("stuck")
	m.until("stuck")
	go io.Copy(io.Discard, pr)
	r.Message([]byte("hello\n"))
	m.until("stuck")
	m.expect("hello", "stuck")
	r.Close()
}

func TestStatusInAFile(t *testing.T) {
	r := start(t, Options{})
	for _, s := range []string{"first", "second", "third", "last"} {
		r.Status(s)
		r.wait(stdout("x\n"))
	}
	r.Message([]byte("bye\n"))
	r.Close()
	if got := r.read("stderr"); got != "first\nbye\nlast\n" {
		t.Errorf("stderr holds %q", got)
	}
}

func TestStatusIsPaced(t *testing.T) {
	s := status{to: &sink{}, pace: time.Hour}
	f := create(t, t.TempDir()+"/f")
	s.to.fd = int(f.Fd())
	for _, text := range []string{"a", "a", "b"} {
		s.say(text)
	}
	s.told = time.Now().Add(-time.Hour)
	s.say("b")
	s.midline, s.pace = true, 0
	s.say("c")
	s.end("c")
	if got, _ := os.ReadFile(f.Name()); string(got) != "a\nb\n" {
		t.Errorf("written %q", got)
	}
}

// A terminal without an own way to erase gets lines.
func TestStatusOnADumbTerminal(t *testing.T) {
	other, terminal := openTerminal(t)
	t.Setenv("TERM", "dumb")
	r, m := start(t, Options{Stderr: terminal}), &monitor{t: t, other: other, terminal: terminal}
	r.Status("status")
	r.Close()
	m.until("status\r\n")
	if strings.Contains(m.all, "\x1b") {
		t.Errorf("control characters in %q", m.all)
	}
}
