package main

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"strconv"
	"time"
)

// newNATS is two subjects, of which that of the jobs has a queue group. The
// server drops what a subscriber is too slow for, so the producer is ahead of
// the consumer by no more than a window.
func newNATS() *broker {
	window := make(chan struct{}, 1<<10) // of pipelines
	return &broker{
		name:   "NATS queue group",
		server: server{command: words("nats-server -a 127.0.0.1 -p PORT")},
		connect: func(conn net.Conn, takeFrom, putInto string) (client, error) {
			c := &nats{
				r: bufio.NewReaderSize(conn, 1<<16), w: bufio.NewWriterSize(conn, 1<<16),
				pub: "PUB " + putInto + " ", window: window,
			}
			c.w.WriteString("CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")
			if takeFrom != "" {
				c.w.WriteString("SUB " + takeFrom + " two 1\r\n")
			}
			c.w.WriteString("PING\r\n")
			if err := c.w.Flush(); err != nil {
				return nil, err
			}
			return c, c.subscribed()
		},
	}
}

// nats is a connection that speaks its protocol.
type nats struct {
	r      *bufio.Reader
	w      *bufio.Writer
	pub    string
	job    []byte
	window chan struct{}
}

// subscribed waits for the answer to the first PING.
func (c *nats) subscribed() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(line, []byte("PONG")):
			return nil
		case bytes.HasPrefix(line, []byte("-ERR")):
			return unexpected(line)
		}
	}
}

// next returns the next message.
func (c *nats) next() ([]byte, error) {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(line, []byte("MSG ")):
			c.job, err = sized(c.r, line, last(line), c.job)
			return c.job, err
		case bytes.HasPrefix(line, []byte("PING")):
			c.w.WriteString("PONG\r\n")
			if err := c.w.Flush(); err != nil {
				return nil, err
			}
		case !bytes.HasPrefix(line, []byte("INFO")):
			return nil, unexpected(line)
		}
	}
}

func (c *nats) publish(job []byte) error {
	c.w.WriteString(c.pub)
	c.w.Write(strconv.AppendInt(c.w.AvailableBuffer(), int64(len(job)), 10))
	c.w.WriteString("\r\n")
	c.w.Write(job)
	_, err := c.w.WriteString("\r\n")
	return err
}

func (c *nats) produce(jobs [][]byte) error {
	for i, job := range jobs {
		if i%pipeline == pipeline-1 {
			select {
			case c.window <- struct{}{}:
			case <-time.After(longest):
				return errors.New("the consumer is stuck")
			}
		}
		if err := c.publish(job); err != nil {
			return err
		}
	}
	return c.w.Flush()
}

func (c *nats) work() error {
	for {
		job, err := c.next()
		if err == nil {
			err = c.publish(job)
		}
		if err == nil && c.r.Buffered() == 0 {
			err = c.w.Flush()
		}
		if err != nil {
			return err
		}
	}
}

func (c *nats) consume(n int, out *bufio.Writer) error {
	for i := range n {
		job, err := c.next()
		if err != nil {
			return err
		}
		if i%pipeline == pipeline-1 {
			<-c.window
		}
		out.Write(job)
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}
