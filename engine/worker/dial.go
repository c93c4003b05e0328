package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// try makes one connection and works on it, as serve does. Names are looked up
// anew, and all their addresses tried. joined tells whether a coordinator let us in.
func try(ctx context.Context, addr string, cfg *Config, l *link) (joined bool, left *link, err error) {
	network, key := "tcp", cfg.Key
	place, local := strings.CutPrefix(addr, "unix:")
	if local {
		network = "unix"
	}
	if local || cfg.Insecure {
		key = nil
	}
	dialer := net.Dialer{Timeout: openPatience}
	conn, err := dialer.DialContext(ctx, network, place)
	if err != nil {
		return false, l, errors.New(cause(err))
	}
	defer conn.Close()
	secrets, err := open(ctx, conn, key)
	if err != nil {
		return false, l, err
	}
	left, err = serve(ctx, conn, secrets, cfg, l)
	return true, left, err
}

// open shows the key and checks that of the coordinator.
func open(ctx context.Context, conn net.Conn, key *codec.Key) (codec.Secrets, error) {
	_ = conn.SetDeadline(time.Now().Add(openPatience))
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	opening, hello := codec.Start(key)
	if _, err := conn.Write(hello); err != nil {
		return codec.Secrets{}, errors.New(cause(err))
	}
	reply := make([]byte, codec.PrefixLen)
	if _, err := io.ReadFull(conn, reply); err != nil {
		return codec.Secrets{}, fmt.Errorf("no answer to our greeting (%s); is it a jobpipe coordinator?", cause(err))
	}
	if more := opening.ReplyLen(reply) - len(reply); more > 0 {
		reply = append(reply, make([]byte, more)...)
		if _, err := io.ReadFull(conn, reply[codec.PrefixLen:]); err != nil {
			return codec.Secrets{}, errors.New(cause(err))
		}
	}
	secrets, err := opening.Finish(reply)
	switch {
	case errors.Is(err, codec.ErrBusy):
		return secrets, err
	case err != nil:
		return secrets, fmt.Errorf("%w: %v", ErrRefused, err)
	}
	return secrets, conn.SetDeadline(time.Time{})
}

// cause is the reason at the bottom of a network error: the rest names
// addresses, which the caller does better.
func cause(err error) string {
	var late net.Error
	var errno syscall.Errno
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return lookup.Error()
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &late) && late.Timeout():
		return "no answer in time"
	}
	return err.Error()
}
