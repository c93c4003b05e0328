package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// A server is a broker's program on a free port of the loopback address, with a
// directory that lives as long as it does. In its command line PORT and DIR
// stand for these.
type server struct {
	command command
	clients []command // that run as long as the server does

	port   string
	dir    string
	cancel context.CancelFunc
	runs   []*process
}

func (s *server) address() string { return net.JoinHostPort("127.0.0.1", s.port) }

// fill replaces the words that stand for something.
func (s *server) fill(c command) command {
	c = slices.Clone(c)
	for i := range c {
		c[i] = strings.NewReplacer("PORT", s.port, "DIR", s.dir).Replace(c[i])
	}
	return c
}

// start returns when the server accepts connections.
func (s *server) start(ctx context.Context) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, s.port, _ = net.SplitHostPort(free.Addr().String())
	free.Close()
	if s.dir, err = os.MkdirTemp("", "jobpipe-bench-"); err != nil {
		return err
	}
	ctx, s.cancel = context.WithCancel(ctx)
	if err := s.launch(ctx, s.command); err != nil {
		return err
	}
	if err := s.accepts(ctx); err != nil {
		return err
	}
	for _, c := range s.clients {
		if err := s.launch(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) launch(ctx context.Context, c command) error {
	p, err := s.fill(c).launch(ctx, nil, nil)
	if err == nil {
		s.runs = append(s.runs, p)
	}
	return err
}

func (s *server) accepts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if conn, err := net.Dial("tcp", s.address()); err == nil {
			return conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%s does not accept connections", s.command[0])
}

// stop kills the server and its clients. A contest that could not start one
// stops it, too.
func (s *server) stop() {
	if s.cancel != nil {
		s.cancel()
	}
	for _, p := range s.runs {
		p.Wait()
	}
	s.runs = nil
	os.RemoveAll(s.dir)
}

// dial connects to the server, for no longer than a run may take.
func (s *server) dial() (net.Conn, error) {
	conn, err := net.Dial("tcp", s.address())
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(longest))
}
