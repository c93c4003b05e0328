package integration

import (
	"fmt"
	"math"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A proxy stands between workers and a coordinator, and is no good network. To
// it, a connection is two directions: up, to the coordinator, and down.
type proxy struct {
	l  net.Listener
	to atomic.Pointer[string]
	// spoil carries bytes of one direction of connection n, counted from 0, until
	// it returns; then the connection is cut.
	spoil func(n int, up bool, from, to net.Conn)
}

func newProxy(t *testing.T, to string, spoil func(n int, up bool, from, to net.Conn)) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, spoil: spoil}
	p.lead(to)
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(n, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return p
}

// lead makes new connections go elsewhere.
func (p *proxy) lead(to string) { p.to.Store(&to) }

func (p *proxy) serve(n int, worker net.Conn) {
	coordinator, err := net.Dial("tcp", *p.to.Load())
	if err != nil {
		_ = worker.Close()
		return
	}
	var both sync.WaitGroup
	cut := func() {
		_ = worker.Close()
		_ = coordinator.Close()
	}
	both.Go(func() { p.spoil(n, true, worker, coordinator); cut() })
	both.Go(func() { p.spoil(n, false, coordinator, worker); cut() })
	both.Wait()
}

// carry copies at most most bytes, size at a time.
func carry(from, to net.Conn, most, size int) {
	buf := make([]byte, size)
	for most > 0 {
		n, err := from.Read(buf[:min(size, most)])
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
			most -= n
		}
		if err != nil {
			return
		}
	}
}

// whole carries everything.
func whole(from, to net.Conn) { carry(from, to, math.MaxInt, 64<<10) }

// TestBadNetwork: a real worker behind a bad network. Each job has one result, and
// is run once.
func TestBadNetwork(t *testing.T) {
	for _, test := range []struct {
		name  string
		again bool // the worker has to connect again
		spoil func(n int, up bool, from, to net.Conn)
	}{
		{"a byte at a time", false, func(_ int, _ bool, from, to net.Conn) { carry(from, to, math.MaxInt, 1) }},
		{"cut on the way up", true, func(n int, up bool, from, to net.Conn) {
			if up && n < 12 {
				carry(from, to, 40+37*n, 1000)
			} else {
				whole(from, to)
			}
		}},
		{"cut on the way down", true, func(n int, up bool, from, to net.Conn) {
			if !up && n < 12 {
				carry(from, to, 40+37*n, 1000)
			} else {
				whole(from, to)
			}
		}},
		{"a hole on the way up", true, func(n int, up bool, from, to net.Conn) {
			if up && n == 0 {
				carry(from, to, 300, 1000)
				swallow(from)
			} else {
				whole(from, to)
			}
		}},
		{"a hole on the way down", true, func(n int, up bool, from, to net.Conn) {
			if !up && n == 0 {
				carry(from, to, 300, 1000)
				swallow(from)
			} else {
				whole(from, to)
			}
		}},
		{"a flipped bit on the way up", true, func(n int, up bool, from, to net.Conn) {
			if up && n == 0 {
				carry(from, to, 300, 1000)
				flip(from, to)
			}
			whole(from, to)
		}},
		{"a flipped bit on the way down", true, func(n int, up bool, from, to net.Conn) {
			if !up && n == 0 {
				carry(from, to, 300, 1000)
				flip(from, to)
			}
			whole(from, to)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			jobs := ""
			for i := range 200 {
				jobs += fmt.Sprintf("job %d\n", i)
			}
			p.write("jobs", jobs)
			c := p.start("c", "jobpipe -v -k --dead-after 1s --max-lost 1000 -l 127.0.0.1:0 --listen-file addr <jobs")
			proxy := newProxy(t, p.address("addr"), test.spoil)
			w := p.start("w", "jobpipe-worker -c "+proxy.l.Addr().String()+" --name far -j 2 -- tee -a runs")
			p.finish(c, 0)
			p.finish(w, 0)
			p.once(jobs, true)
			joined := len(regexp.MustCompile(`"worker (joined|back)" worker=far`).FindAllString(c.stderr(), -1))
			if (joined > 1) != test.again {
				t.Errorf("the worker has joined %d times:\n%s", joined, c.stderr())
			}
		})
	}
}

// swallow takes bytes and passes none on, until the other end has had enough.
func swallow(from net.Conn) {
	_ = from.SetReadDeadline(time.Now().Add(deadline))
	buf := make([]byte, 4096)
	for {
		if _, err := from.Read(buf); err != nil {
			return
		}
	}
}

// flip passes one byte on that is not the one that came.
func flip(from, to net.Conn) {
	var b [1]byte
	if n, _ := from.Read(b[:]); n > 0 {
		b[0] ^= 4
		_, _ = to.Write(b[:])
	}
}
