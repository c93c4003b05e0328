package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// A broker is a filter made of a server and clients that are part of this
// program: a producer, two workers that echo, and a consumer. The workers stay
// connected from run to run.
type broker struct {
	server
	name    string
	connect func(conn net.Conn, takeFrom, putInto string) (client, error)

	workers []net.Conn
	failed  chan error
}

// client is a connection to a broker. It plays one of these parts.
type client interface {
	produce(jobs [][]byte) error
	work() error // until the connection is closed
	consume(n int, out *bufio.Writer) error
}

const (
	jobsQueue    = "jobs"
	answersQueue = "answers"
	// pipeline is how many operations are under way at a time.
	pipeline = 64
)

func (b *broker) String() string { return b.name }

func (b *broker) start(ctx context.Context) error {
	if err := b.server.start(ctx); err != nil {
		return err
	}
	b.failed = make(chan error, 2)
	for range cap(b.failed) {
		conn, worker, err := b.client(jobsQueue, answersQueue)
		if err != nil {
			return err
		}
		if err := conn.SetDeadline(time.Time{}); err != nil {
			return err
		}
		b.workers = append(b.workers, conn)
		go func() { b.failed <- worker.work() }()
	}
	return nil
}

func (b *broker) stop() {
	for _, conn := range b.workers {
		conn.Close()
	}
	b.workers = nil
	b.server.stop()
}

func (b *broker) client(takeFrom, putInto string) (net.Conn, client, error) {
	conn, err := b.dial()
	if err != nil {
		return nil, nil, err
	}
	c, err := b.connect(conn, takeFrom, putInto)
	if err != nil {
		conn.Close()
	}
	return conn, c, err
}

func (b *broker) run(_ context.Context, stdin, stdout *os.File) error {
	input, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	jobs := bytes.Split(bytes.TrimSuffix(input, []byte("\n")), []byte("\n"))
	to, producer, err := b.client("", jobsQueue)
	if err != nil {
		return err
	}
	defer to.Close()
	from, consumer, err := b.client(answersQueue, "")
	if err != nil {
		return err
	}
	defer from.Close()

	ended := make(chan error, 2)
	go func() { ended <- producer.produce(jobs) }()
	go func() {
		out := bufio.NewWriterSize(stdout, 1<<16)
		ended <- errors.Join(consumer.consume(len(jobs), out), out.Flush())
	}()
	for range cap(ended) {
		select {
		case err = <-ended:
		case err = <-b.failed:
		}
		if err != nil {
			return err
		}
	}
	return nil
}
