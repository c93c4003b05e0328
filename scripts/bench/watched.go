package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

// watched is a command line of jobpipe with the page of --http open, as a browser
// has it: live from the first moment to the last.
type watched struct{ command }

func (w watched) String() string { return w.command.String() + ", watched" }

func (w watched) run(ctx context.Context, stdin, stdout *os.File) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := free.Addr().String()
	free.Close()
	p, err := slices.Insert(slices.Clone(w.command), 1, "-q", "--http", addr).launch(ctx, stdin, stdout)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := make(chan error, 1)
	go func() { seen <- look(ctx, "http://"+addr+"/live") }()
	if err := p.wait(); err != nil {
		return err
	}
	return <-seen
}

// look reads what a page is sent, to the end.
func look(ctx context.Context, url string) error {
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		got, err := http.DefaultClient.Do(req)
		if err != nil { // it does not listen yet
			time.Sleep(time.Millisecond)
			continue
		}
		defer got.Body.Close()
		n, err := io.Copy(io.Discard, got.Body)
		if err == nil && n == 0 {
			err = errors.New("nothing was to be seen")
		}
		if err != nil {
			return fmt.Errorf("watching: %w", err)
		}
		return nil
	}
	return ctx.Err()
}
