package watch

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

// Config is what is shown. Its functions may be called from any goroutine.
type Config struct {
	Snapshot func(context.Context) (*live.Run, error)
	// Total is how many jobs the input has, or -1 while that is not known.
	Total func() int64
	// Log writes a line for the user who wants to know all.
	Log func(format string, args ...any)
}

// What those who look may cost.
const (
	mostConnections = 48 // at once; one more is closed
	mostHeader      = 16 << 10
	headerTime      = 5 * time.Second
	requestTime     = 10 * time.Second
	answerTime      = 10 * time.Second // the reader takes none of what is written
	idleTime        = 30 * time.Second
)

// A Server answers those who look, from Serve to Close.
type Server struct {
	looker
	listener net.Listener
	http     http.Server
	open     atomic.Int32 // connections
}

// Serve begins to answer.
func (s *Server) Serve(conf Config) {
	s.Config = conf
	s.http = http.Server{
		Handler:           guarded(s.routes()),
		MaxHeaderBytes:    mostHeader,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		ConnState:         s.count,
		ErrorLog:          log.New(complaints(conf.Log), "", 0),
	}
	go func() { _ = s.http.Serve(s.listener) }() // ends with Close
}

// Close ends it. Those who look are shown a last run first, unless it is nil. It
// may be called again.
func (s *Server) Close(last *live.Run) {
	if last != nil {
		s.last(last)
	}
	_ = s.http.Close()
	_ = s.listener.Close()
}

// routes is all that can be asked for, and only with GET or HEAD.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /healthz", s.healthz)
	return mux
}

// count keeps connections within bounds.
func (s *Server) count(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.open.Add(1) > mostConnections {
			_ = c.Close()
		}
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}

// healthz tells whether the run is alive: that it waits for something is no fault.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	seen, err := s.look()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, seen.State)
}

// complaints is where net/http says what is wrong with connections.
type complaints func(format string, args ...any)

func (c complaints) Write(line []byte) (int, error) {
	c("--http: %s", strings.TrimSpace(string(line)))
	return len(line), nil
}
