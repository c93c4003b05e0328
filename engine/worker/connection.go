package worker

import (
	"net"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A connection is one of those that a link has, from Welcome to its end.
type connection struct {
	*link
	conn   net.Conn
	dead   time.Duration // silence after which the coordinator is gone
	silent bool          // that is why it ended; the reader's

	in   *codec.Decoder // the reader's
	base []byte         // the reader's memory
	buf  []byte         // the reader's: bytes in base that no frame was made of yet
	rec  *assembly      // the reader's: a record of which parts have come
	out  *codec.Encoder // the writer's

	writer *writer // who sends; see there who owns it

	// The link's mutex guards all below.
	sending bool          // the writer has an owner
	leaving bool          // the writer ends when it has nothing to send
	wrote   bool          // since the last heartbeat
	waiting bool          // for the coordinator to say which results it needs no more
	credit  int64         // bytes of results that may be sent after that
	over    chan struct{} // closed when the coordinator says so
	broken  chan struct{} // closed when err is set
	err     error
}

// attach makes c the connection of its link.
func (c *connection) attach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = c
}

// detach leaves the link without a connection, once no slot sends on this one.
func (c *connection) detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.sending {
		c.send.Wait()
	}
	c.on = nil
}

// fail breaks the connection. The first reason counts.
func (c *connection) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.broken)
	}
	c.wake()
	_ = c.conn.Close()
}

// heartbeat says something when nothing has been said for a third of what the
// coordinator takes for death.
func (c *connection) heartbeat(stop <-chan struct{}) {
	tick := time.NewTicker(c.dead / 3)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		if !c.wrote && len(c.control) == 0 {
			c.say(codec.TypePing, make([]byte, 8))
		}
		c.wrote = false
		c.mu.Unlock()
	}
}
