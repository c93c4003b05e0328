package server

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/codec"
)

// Log is how the server speaks to the user. It is called on the event loop and
// must not block.
type Log struct {
	Warn func(format string, args ...any) // shown unless quiet
	Note func(format string, args ...any) // shown with --verbose
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
