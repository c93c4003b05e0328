package server

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/message"
)

// gnetLog passes on what gnet has to say. By default it would say it on stdout.
type gnetLog struct{ *message.Log }

func (g gnetLog) Debugf(string, ...any)        {}
func (g gnetLog) Infof(string, ...any)         {}
func (g gnetLog) Warnf(f string, args ...any)  { g.Info("gnet", "text", fmt.Sprintf(f, args...)) }
func (g gnetLog) Errorf(f string, args ...any) { g.Warnf(f, args...) }
func (g gnetLog) Fatalf(f string, args ...any) { g.Log.Warnf(f, args...) }

// attrs says which worker it is about, and more.
func (p *peer) attrs(more ...any) []any {
	attrs := []any{"worker", p.Hello.Name}
	if p.Addr != "" {
		attrs = append(attrs, "addr", p.Addr)
	}
	return append(attrs, more...)
}

// mostSpans is how many ranges of jobs are named.
const mostSpans = 10

// spans names the jobs that a worker has, by their numbers.
func (s *Server) spans(p *peer) string {
	var spans []codec.Span
	for _, r := range s.sched.Held(p.id) {
		last := len(spans) - 1
		if last >= 0 && spans[last].Seq+spans[last].Count == r.Seq {
			spans[last].Count += uint64(r.Count)
		} else {
			spans = append(spans, codec.Span{Seq: r.Seq, Count: uint64(r.Count)})
		}
	}
	var b strings.Builder
	for i, span := range spans[:min(len(spans), mostSpans)] {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d", span.Seq)
		if span.Count > 1 {
			fmt.Fprintf(&b, "-%d", span.Seq+span.Count-1)
		}
	}
	if len(spans) > mostSpans {
		b.WriteString(",...")
	}
	return b.String()
}

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
