package watch

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

const (
	beat      = time.Second            // between two moments
	lastWords = 500 * time.Millisecond // for all pages to take the last one
)

// live sends a page the moments of the run, as server-sent events: "moment" for each,
// and "over" for the last one.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	c, err := choose(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case s.pages <- struct{}{}:
		defer func() { <-s.pages }()
	default:
		http.Error(w, "too many look at this run already", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	to := stream{w: w, control: http.NewResponseController(w)}
	_ = to.control.SetReadDeadline(time.Time{}) // it lasts longer than a request may
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if seen, err := s.look(); err == nil {
			if to.send("moment", s.moment(seen, c)) != nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-s.closing:
			if seen, err := s.look(); err == nil && seen.State == live.Over {
				_ = to.send("over", s.moment(seen, c))
			}
			return
		}
	}
}

// moment is what a page is to show now.
func (s *Server) moment(seen *sight, c choice) *moment {
	m := momentOf(seen, c)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if strips, err := s.Strips(ctx, m.ids()); err == nil { // else the page keeps those it has
		m.draw(strips)
	}
	m.Failures = failuresOf(seen)
	return m
}

// A stream is one page's. It is sent the failures only when there are others than
// before.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	newest  failure // of those that were sent
}

func (t *stream) send(event string, m *moment) error {
	if len(m.Failures) > 0 {
		newest := m.Failures[0]
		if newest == t.newest {
			m.Failures = nil
		}
		t.newest = newest
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_ = t.control.SetWriteDeadline(time.Now().Add(answerTime))
	for _, part := range [][]byte{[]byte("event: " + event + "\ndata: "), data, []byte("\n\n")} {
		if _, err := t.w.Write(part); err != nil {
			return err
		}
	}
	return t.control.Flush()
}
