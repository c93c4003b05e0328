package output

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// plainPace is how often, at most, a status goes to a stderr that is no
	// terminal: there each one stays.
	plainPace = 5 * time.Second
	// freshen is how often one that does not change is drawn again: somebody else
	// may have written on the terminal, or cleared it, or stopped us for a while.
	freshen = time.Second
)

// What a terminal is told, as VT100 and all after it understand it.
const (
	eraseLine  = "\x1b[K"   // from the cursor to the end of the line
	eraseBelow = "\x1b[J"   // from the cursor to the end of the screen
	cutOff     = "\x1b[?7l" // what goes past the last column is lost
	wrap       = "\x1b[?7h" // it goes to the next line, as usual
)

// A status is the last line of stderr. The writer's goroutine owns it, and draws
// it when all else is written. While that waits for a stdout which takes nothing,
// who states the status draws it.
//
// On a terminal the line is drawn in place and erased before anything else is
// written there, be it by stderr or by a stdout that is a terminal too. It is
// drawn again only at the beginning of a line: what jobs print may come in
// parts, and what they began they may want to end. While we run in the background,
// the last line is somebody else's and nothing is drawn.
//
// The cursor waits at the beginning of the line. There it stays when the window is
// made narrower and the terminal breaks the line into several, which are then
// erased with it; and so is a ^C that is echoed. A line that is drawn for a window
// which has been made narrower a moment ago is cut off: if the terminal broke that
// one, the cursor would be on the last of several lines.
type status struct {
	to       *sink
	terminal bool
	pace     time.Duration // between lines where it is no terminal

	mu      sync.Mutex // of all below; held while anything is written where it stands
	text    string     // what it is to say; empty: nothing
	drawn   string     // what stands on the terminal's last line, or was written last
	midline bool       // somebody else's line has begun
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

// around is for what somebody else writes.
func (s *status) around(b []byte, write func([]byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeWay()
	err := write(b)
	s.midline = b[len(b)-1] != '\n'
	return err
}

func (s *status) makeWay() {
	if s.terminal && s.drawn != "" {
		s.drawn = ""
		// A screen that is erased from its top on some keep, in what was on it before.
		_ = s.to.put([]byte("\r" + eraseLine + eraseBelow))
	}
}

// say brings what stands there up to date.
func (s *status) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
	s.show()
}

// offer is say where that does not have to wait.
func (s *status) offer(text string) {
	if s.mu.TryLock() {
		defer s.mu.Unlock()
		if s.to.ready() {
			s.text = text
			s.show()
		}
	}
}

func (s *status) show() {
	switch {
	case s.midline:
	case !s.terminal:
		if s.text != "" && s.text != s.drawn && time.Since(s.told) >= s.pace {
			s.tell()
		}
	case s.text == "":
		s.makeWay()
	case (s.text != s.drawn || time.Since(s.told) >= freshen) && s.to.inForeground():
		s.draw()
	}
}

// draw writes the text over the one before before it erases what is left of that,
// so that nothing flickers.
func (s *status) draw() {
	s.told, s.drawn = time.Now(), s.text
	_ = s.to.put([]byte("\r" + cutOff + s.text + eraseBelow + wrap + "\r"))
}

func (s *status) tell() {
	s.told, s.drawn = time.Now(), s.text
	_ = s.to.put([]byte(s.text + "\n"))
}

// end leaves the terminal as if there had been no status, and other files with
// the last one.
func (s *status) end(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
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

// inForeground reports whether the terminal is ours to draw on: it is not where the
// shell has put us into the background.
func (s *sink) inForeground() bool {
	group, err := unix.IoctlGetInt(s.fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp() // or it does not control us
}
