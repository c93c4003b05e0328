package main

import (
	"net"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/trace"
)

// A link stands between one worker and the coordinator. Each way it carries one
// packet at a time, and each takes linkTime: what was written together, and what
// comes while the one before is under way.
type link struct {
	worker  string
	mu      sync.Mutex
	carried []packet
}

// A packet is jobs or results that the link has carried.
type packet struct {
	category   string
	seq, count uint64
	from, to   time.Time
}

// serve carries what goes between a worker that connects to l and the coordinator
// at a Unix socket.
func (k *link) serve(l net.Listener, coordinator string) {
	worker, err := l.Accept()
	if err != nil {
		return
	}
	defer worker.Close()
	conn, err := net.Dial("unix", coordinator)
	if err != nil {
		return
	}
	defer conn.Close()
	var both sync.WaitGroup
	both.Go(func() { k.carry(worker, conn); closeWrite(conn) })
	both.Go(func() { k.carry(conn, worker); closeWrite(worker) })
	both.Wait()
}

func closeWrite(c net.Conn) { _ = c.(*net.UnixConn).CloseWrite() }

// carry is one way of the link.
func (k *link) carry(from, to net.Conn) {
	frames := codec.NewDecoder(codec.NewScratch())
	opening := codec.PrefixLen // bytes that are no frame yet
	var rest []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		began := time.Now()
		time.Sleep(linkTime)
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
		ended := time.Now()
		packet := buf[:n]
		skip := min(opening, n)
		opening -= skip
		rest = append(rest, packet[skip:]...)
		for len(rest) > 0 {
			f, n, err := frames.Next(rest)
			if err != nil || n == 0 {
				break
			}
			rest = rest[n:]
			k.note(f, began, ended)
		}
	}
}

// note remembers jobs and results.
func (k *link) note(f codec.Frame, from, to time.Time) {
	p := packet{from: from, to: to, count: 1}
	switch f.Type {
	case codec.TypeJobs:
		m, _ := codec.ParseJobs(f.Payload)
		p.category, p.seq, p.count = trace.WireJob, m.Seq, m.Count
	case codec.TypeAnswers:
		m, _ := codec.ParseAnswers(f.Payload)
		p.category, p.seq, p.count = trace.WireResult, m.Seq, m.Count
	default:
		return
	}
	k.mu.Lock()
	k.carried = append(k.carried, p)
	k.mu.Unlock()
}

// events are what the link has carried, for a run that began then, in which its
// worker is that process.
func (k *link) events(began time.Time, process uint64) (list []trace.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.carried {
		list = append(list, trace.Event{
			Name: p.category, Category: p.category, Phase: trace.Complete,
			Time: p.from.Sub(began).Microseconds(), Took: p.to.Sub(p.from).Microseconds(),
			Process: process, Args: trace.Args{Seq: p.seq, Count: p.count},
		})
	}
	return list
}
