package server

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/codec"
)

// Log is how the server speaks to the user. It is called on the event loop and
// must not block.
type Log struct {
	Warn func(format string, args ...any) // shown unless quiet
	Note func(format string, args ...any) // shown with --verbose
}

// Of workers that are cut off or lost, so many are told of in that time: one that
// comes again and again could fill a disk.
const (
	maxGrumbles = 100
	grumbleTime = time.Minute
)

// grumble says that a worker is cut off or lost.
func (s *Server) grumble(format string, args ...any) {
	if s.grumbles >= maxGrumbles && s.awake-s.grumbled >= grumbleTime {
		if more := s.grumbles - maxGrumbles; more > 0 {
			s.Log.Warn("%d more workers were cut off or lost since", more)
		}
		s.grumbles = 0
	}
	if s.grumbles == 0 {
		s.grumbled = s.awake
	}
	if s.grumbles++; s.grumbles <= maxGrumbles {
		s.Log.Warn(format, args...)
	}
}

// gnetLog passes on what gnet has to say. By default it would say it on stdout.
type gnetLog struct{ Log }

func (g gnetLog) Debugf(string, ...any)        {}
func (g gnetLog) Infof(string, ...any)         {}
func (g gnetLog) Warnf(f string, args ...any)  { g.Note(f, args...) }
func (g gnetLog) Errorf(f string, args ...any) { g.Note(f, args...) }
func (g gnetLog) Fatalf(f string, args ...any) { g.Warn(f, args...) }

// cause is why an attempt failed, in words.
func (s *Server) cause(r *codec.Result) string {
	switch r.Outcome {
	case codec.Exited:
		return "exit status " + strconv.FormatUint(r.Code, 10)
	case codec.Signaled:
		text := "killed by signal " + strconv.FormatUint(r.Code, 10)
		if r.Code < 128 {
			if name := unix.SignalName(unix.Signal(r.Code)); name != "" {
				text += " (" + name + ")"
			}
		}
		return text
	case codec.TimedOut:
		return "it ran longer than " + s.Timeout.String()
	}
	return codec.Clean(string(r.Note))
}
