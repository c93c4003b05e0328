package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
)

// newRedis is two lists: LPUSH puts a job in, RPOP takes one out, and BRPOP
// waits for one.
func newRedis() *broker {
	return &broker{
		name:   "Redis lists, pipelines of 64",
		server: server{command: append(words("redis-server --port PORT --bind 127.0.0.1 --dir DIR --save"), "")},
		connect: func(conn net.Conn, takeFrom, putInto string) (client, error) {
			bulk := func(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }
			return newQueue(conn, &redis{
				push: "*3\r\n" + bulk("LPUSH") + bulk(putInto),
				pop:  "*2\r\n" + bulk("RPOP") + bulk(takeFrom),
				wait: "*3\r\n" + bulk("BRPOP") + bulk(takeFrom) + bulk("0"),
			}), nil
		},
	}
}

// redis is its protocol RESP, with the parts of requests that are always the same.
type redis struct {
	push, pop, wait string
	bulk            []byte
}

func (p *redis) put(w *bufio.Writer, job []byte) {
	w.WriteString(p.push)
	w.WriteByte('$')
	w.Write(strconv.AppendInt(w.AvailableBuffer(), int64(len(job)), 10))
	w.WriteString("\r\n")
	w.Write(job)
	w.WriteString("\r\n")
}

func (p *redis) take(w *bufio.Writer, first bool) {
	if first {
		w.WriteString(p.wait)
	} else {
		w.WriteString(p.pop)
	}
}

func (p *redis) taken(r *bufio.Reader) ([]byte, error) {
	head, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if bytes.Equal(head, []byte("*2\r\n")) { // of BRPOP: the list and the job
		for range 2 {
			if head, err = r.ReadSlice('\n'); err != nil {
				return nil, err
			}
			if p.bulk, err = sized(r, head, head[1:], p.bulk); err != nil {
				return nil, err
			}
		}
		return p.bulk, nil
	}
	if bytes.Equal(head, []byte("$-1\r\n")) {
		return nil, nil
	}
	if head[0] != '$' {
		return nil, unexpected(head)
	}
	p.bulk, err = sized(r, head, head[1:], p.bulk)
	return p.bulk, err
}

func (p *redis) done(*bufio.Writer) bool { return false }

func (p *redis) confirm(r *bufio.Reader) error {
	reply, err := r.ReadSlice('\n')
	if err == nil && reply[0] != ':' {
		return unexpected(reply)
	}
	return err
}
