package main

import (
	"bufio"
	"fmt"
	"net"
)

// A queue is a client of a broker that hands a job out when asked for one.
// Requests are written in pipelines, and their replies read in the same order.
type queue struct {
	r        *bufio.Reader
	w        *bufio.Writer
	protocol queueProtocol
	owed     int // confirmations not read yet
}

// queueProtocol is how requests and replies are spelt.
type queueProtocol interface {
	put(w *bufio.Writer, job []byte)
	// take asks for a job; the reply to the first of a pipeline waits for one.
	take(w *bufio.Writer, first bool)
	// taken reads the reply to a take: a job, or nil.
	taken(r *bufio.Reader) ([]byte, error)
	// done asks to forget the job last taken, and reports whether that is needed.
	done(w *bufio.Writer) bool
	// confirm reads the reply to a put or a done.
	confirm(r *bufio.Reader) error
}

func newQueue(conn net.Conn, p queueProtocol) *queue {
	return &queue{bufio.NewReaderSize(conn, 1<<16), bufio.NewWriterSize(conn, 1<<16), p, 0}
}

func (q *queue) put(job []byte) {
	q.protocol.put(q.w, job)
	q.owed++
}

// settle sends what was asked and reads the confirmations.
func (q *queue) settle() error {
	if err := q.w.Flush(); err != nil {
		return err
	}
	for ; q.owed > 0; q.owed-- {
		if err := q.protocol.confirm(q.r); err != nil {
			return err
		}
	}
	return nil
}

// take calls do for each job of a pipeline.
func (q *queue) take(do func(job []byte) error) error {
	for i := range pipeline {
		q.protocol.take(q.w, i == 0)
	}
	if err := q.settle(); err != nil { // what was asked before these
		return err
	}
	for range pipeline {
		job, err := q.protocol.taken(q.r)
		if err != nil {
			return err
		}
		if job == nil {
			continue
		}
		if err := do(job); err != nil {
			return err
		}
		if q.protocol.done(q.w) {
			q.owed++
		}
	}
	return nil
}

func (q *queue) produce(jobs [][]byte) error {
	for i, job := range jobs {
		q.put(job)
		if i%pipeline == pipeline-1 {
			if err := q.settle(); err != nil {
				return err
			}
		}
	}
	return q.settle()
}

func (q *queue) work() error {
	for {
		if err := q.take(func(job []byte) error { q.put(job); return nil }); err != nil {
			return err
		}
	}
}

func (q *queue) consume(n int, out *bufio.Writer) error {
	for n > 0 {
		err := q.take(func(job []byte) error {
			n--
			out.Write(job)
			return out.WriteByte('\n')
		})
		if err != nil {
			return err
		}
	}
	return q.settle()
}

// unexpected is the error of a reply that no client here can make sense of.
func unexpected(reply []byte) error { return fmt.Errorf("unexpected reply %q", reply) }
