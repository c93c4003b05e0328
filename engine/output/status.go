package output

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// plainPace is how often, at most, a status goes to a stderr that is no
// terminal: there each one stays.
const plainPace = 5 * time.Second

const (
	eraseLine = "\r\x1b[K"
	eraseRest = "\x1b[K" // from the cursor to the end of the line
)

// A status is the last line of stderr. The writer's goroutine owns it.
//
// On a terminal the line is drawn in place and erased before anything else is
// written there, be it by stderr or by a stdout that is a terminal too. It is
// drawn again only at the beginning of a line: what jobs print may come in
// parts, and what they began they may want to end.
type status struct {
	to       *sink
	terminal bool
	pace     time.Duration // between lines where it is no terminal

	text    string // what it is to say; empty: nothing
	drawn   string // what stands on the terminal's last line, or was written last
	midline bool   // somebody else's line has begun
	told    time.Time
}

// attach makes the sinks that write where the status stands take care of it.
func (s *status) attach(stderr, stdout *sink) {
	s.to, s.pace = stderr, plainPace
	s.terminal = stderr.isTerminal() && os.Getenv("TERM") != "dumb"
	stderr.status = s
	if s.terminal && stdout.isTerminal() {
		stdout.status = s
	}
}

// makeWay is called before somebody else writes.
func (s *status) makeWay() {
	if s.terminal && s.drawn != "" {
		s.drawn = ""
		_ = s.to.put([]byte(eraseLine))
	}
}

// passed is called after somebody else has written b.
func (s *status) passed(b []byte) {
	if len(b) > 0 {
		s.midline = b[len(b)-1] != '\n'
	}
}

// show brings what stands there up to date.
func (s *status) show() {
	switch {
	case s.midline || s.text == s.drawn:
	case !s.terminal:
		if s.text != "" && time.Since(s.told) >= s.pace {
			s.tell()
		}
	case s.text == "":
		s.makeWay()
	default:
		s.drawn = s.text
		_ = s.to.put([]byte("\r" + s.text + eraseRest))
	}
}

func (s *status) tell() {
	s.told, s.drawn = time.Now(), s.text
	_ = s.to.put([]byte(s.text + "\n"))
}

// end leaves the terminal as if there had been no status, and other files with
// the last one.
func (s *status) end() {
	if s.terminal {
		s.makeWay()
	} else if s.text != "" && s.text != s.drawn && !s.midline {
		s.tell()
	}
}

func (s *sink) isTerminal() bool {
	_, err := unix.IoctlGetWinsize(s.fd, unix.TIOCGWINSZ)
	return err == nil
}
