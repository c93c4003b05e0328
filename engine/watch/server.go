package watch

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/message"
)

// Config is what is shown. Its functions may be called from any goroutine.
type Config struct {
	Snapshot func(context.Context) (*live.Run, error)
	// Strips is the lanes of some workers, by their numbers.
	Strips func(ctx context.Context, ids []uint64) (map[uint64][]live.Shares, error)
	// Input is how many bytes the whole input has, or -1 where that is not known.
	Input func() int64
	Log   *message.Log
}

// What those who look may cost.
const (
	mostConnections = 48 // at once; one more is closed
	mostPages       = 32 // of those, the ones that are live
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
	open     atomic.Int32  // connections
	pages    chan struct{} // a place for each that is live
	closing  chan struct{}
	end      sync.Once
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
		ErrorLog:          log.New(complaints{conf.Log}, "", 0),
	}
	go func() { _ = s.http.Serve(s.listener) }() // ends with Close
}

// Close ends it. Pages are shown a last run first, unless it is nil; those that do
// not take it in a moment have to do without. It may be called again.
func (s *Server) Close(last *live.Run) {
	s.end.Do(func() {
		if last != nil {
			s.last(last)
		}
		close(s.closing)
		give := time.After(lastWords)
		for range mostPages { // who has all places is alone
			select {
			case s.pages <- struct{}{}:
				continue
			case <-give:
			}
			break
		}
		_ = s.http.Close()
		_ = s.listener.Close()
	})
}

// routes is all that can be asked for, and only with GET or HEAD.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, f := range files {
		mux.HandleFunc("GET /"+f.path, f.serve)
	}
	mux.HandleFunc("GET /live", s.live)
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
type complaints struct{ *message.Log }

func (c complaints) Write(line []byte) (int, error) {
	c.Info("watching", "why", strings.TrimSpace(string(line)))
	return len(line), nil
}
