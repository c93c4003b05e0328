package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
)

// newBeanstalkd is two tubes. A job that was taken is deleted once its answer
// is put in.
func newBeanstalkd() *broker {
	return &broker{
		name:   "beanstalkd tubes, pipelines of 64",
		server: server{command: words("beanstalkd -l 127.0.0.1 -p PORT")},
		connect: func(conn net.Conn, takeFrom, putInto string) (client, error) {
			q := newQueue(conn, &beanstalkd{})
			if putInto != "" {
				fmt.Fprintf(q.w, "use %s\r\n", putInto)
				q.owed++
			}
			if takeFrom != "" {
				fmt.Fprintf(q.w, "watch %s\r\nignore default\r\n", takeFrom)
				q.owed += 2
			}
			return q, q.settle()
		},
	}
}

// beanstalkd is its protocol.
type beanstalkd struct{ id, job []byte }

func (p *beanstalkd) put(w *bufio.Writer, job []byte) {
	fmt.Fprintf(w, "put 0 0 600 %d\r\n", len(job))
	w.Write(job)
	w.WriteString("\r\n")
}

func (p *beanstalkd) take(w *bufio.Writer, first bool) {
	if first {
		w.WriteString("reserve\r\n")
	} else {
		w.WriteString("reserve-with-timeout 0\r\n")
	}
}

func (p *beanstalkd) taken(r *bufio.Reader) ([]byte, error) {
	head, err := r.ReadSlice('\n')
	if err != nil || bytes.Equal(head, []byte("TIMED_OUT\r\n")) {
		return nil, err
	}
	said := bytes.Fields(head) // RESERVED id size
	if len(said) != 3 || string(said[0]) != "RESERVED" {
		return nil, unexpected(head)
	}
	p.id = append(p.id[:0], said[1]...)
	p.job, err = sized(r, head, said[2], p.job)
	return p.job, err
}

func (p *beanstalkd) done(w *bufio.Writer) bool {
	fmt.Fprintf(w, "delete %s\r\n", p.id)
	return true
}

func (p *beanstalkd) confirm(r *bufio.Reader) error {
	reply, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	for _, good := range []string{"INSERTED ", "DELETED", "USING ", "WATCHING "} {
		if bytes.HasPrefix(reply, []byte(good)) {
			return nil
		}
	}
	return unexpected(reply)
}
