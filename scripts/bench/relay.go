package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
)

// relay is a filter that takes its input the way of one worker of line mode and does
// nothing else: over TCP loopback, through the pipes of a process of cat, and back.
// No jobs, no line ends, nothing to keep: what the system lets through at the most.
// Where the system can move the data by itself, with splice or sendfile, it does.
type relay struct{}

func (relay) String() string              { return "the same way, without jobs" }
func (relay) start(context.Context) error { return nil }
func (relay) stop()                       {}

func (relay) run(ctx context.Context, stdin, stdout *os.File) error {
	near, far, err := tcpPair()
	if err != nil {
		return err
	}
	defer near.Close()
	defer far.Close()
	cat := exec.CommandContext(ctx, "cat")
	in, err := cat.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cat.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cat.Start(); err != nil {
		return err
	}
	hops := []func() error{
		func() error { _, err := io.Copy(near, stdin); return errors.Join(err, near.CloseWrite()) },
		func() error { _, err := io.Copy(in, far); return errors.Join(err, in.Close()) },
		func() error { _, err := io.Copy(far, out); return errors.Join(err, far.CloseWrite()) },
		func() error { _, err := io.CopyBuffer(stdout, near, make([]byte, 256<<10)); return err },
	}
	ends := make(chan error, len(hops))
	for _, hop := range hops {
		go func() { ends <- hop() }()
	}
	for range hops {
		err = errors.Join(err, <-ends)
	}
	return errors.Join(err, cat.Wait())
}

// tcpPair is both ends of a connection over loopback.
func tcpPair() (near, far *net.TCPConn, err error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if near, err = net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr)); err != nil {
		return nil, nil, err
	}
	if far, err = l.AcceptTCP(); err != nil {
		near.Close()
	}
	return near, far, err
}
