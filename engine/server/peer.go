package server

import (
	"encoding/binary"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/socket"
)

// peer is one worker's connection. The event loop owns it.
type peer struct {
	accept.Peer
	left   func()
	id     schedule.WorkerID
	first  schedule.WorkerID // id of the worker's first connection: the trace knows it by that
	counts *counts
	conn   gnet.Conn

	partial []byte        // the beginning of a frame
	out     *codec.Vector // frames to be written this turn; nil: none
	dirty   bool          // stands in Server.dirty
	meter   socket.Meter
	wrote   int  // bytes given to the connection
	linked  bool // counts in Server.linked

	begun    int // the least that window is: what Welcome said, and workers go by
	window   int // bytes of results it may have under way
	used     int // of it
	owed     int // bytes to return with the next Ack
	acks     []codec.Span
	owing    bool // stands in Server.owing
	pressing bool // stands in Server.pressing

	preferred uint64 // the job whose result it was asked for before all others; 0: none

	parts    map[uint64]*parts // results of which only a part has come, by seq
	waiting  []errand          // jobs that cannot be sent yet
	pings    []ping            // not answered yet, oldest first
	flow     int               // of those, the ones among jobs
	unmarked int               // bytes of jobs since the last of those
	stray    int               // answers for jobs that it did not hold
	asked    int               // jobs that it may give back in pieces, since we asked for them
	budget   budget            // of frames that settle no job

	// Times by Server.awake.
	heard     time.Duration // last byte from it
	spoke     time.Duration // last byte to it
	moved     time.Duration // when delivered last grew
	delivered int           // bytes that the system has taken

	was   *peer           // what it says it was, until it has said what it has of it
	held  []schedule.Held // so far
	heir  *peer           // says it is this one, which is away
	until time.Duration   // by Server.awake: how long it may be away

	closed  bool   // nothing may be written
	silent  bool   // that is why we hung up on it
	altered bool   // that is why: what came is not what it sent
	leaving bool   // has said goodbye, or was told that the run is over
	why     string // we hung up on it
}

// name is how messages call the worker.
func (p *peer) name() string {
	if p.Local {
		return p.Hello.Name
	}
	return p.Hello.Name + " (" + p.Addr + ")"
}

// put appends one frame to what is written this turn.
func (s *Server) put(p *peer, t codec.Type, payload ...[]byte) {
	if s.opened(p) {
		p.Enc.Put(p.out, t, payload...)
	}
}

// lend is put of data that may not change before it is written: in this turn.
func (s *Server) lend(p *peer, t codec.Type, head, data []byte) {
	if s.opened(p) {
		p.Enc.Lend(p.out, t, head, data)
	}
}

// opened makes sure that p.out takes frames and is written this turn, unless nothing
// may be.
func (s *Server) opened(p *peer) bool {
	if p.closed {
		return false
	}
	if p.out == nil {
		if len(s.dirty) == maxBuffers {
			s.flushOldest()
		}
		p.out = s.buffer()
	}
	if !p.dirty {
		p.dirty = true
		s.dirty = append(s.dirty, p)
	}
	return true
}

// flush writes each connection that has something to say, once.
func (s *Server) flush() {
	for len(s.dirty) > 0 {
		s.flushOldest()
	}
}

func (s *Server) flushOldest() {
	p := s.dirty[0]
	s.dirty = s.dirty[:copy(s.dirty, s.dirty[1:])]
	p.dirty = false
	s.write(p)
}

// writeSize is how much is collected for a worker before it is written in the
// middle of a turn: the worker can begin, and the memory stays in the cache.
const writeSize = 192 << 10

// writeMuch writes once there is enough. It may close the connection.
func (s *Server) writeMuch(p *peer) {
	if p.out != nil && p.out.Len() >= writeSize {
		s.write(p)
	}
}

// maxOutbound is more than credit, and pings among jobs, let a worker have on
// its way to it.
const maxOutbound = 16 << 20

// write hands p.out to the connection. The write may fail and close it, which
// calls OnClose before this returns.
func (s *Server) write(p *peer) {
	out := p.out
	p.out = nil
	if !p.closed && out != nil {
		n := out.Len()
		p.spoke = s.awake
		s.adapt(p, s.now())
		p.wrote += n
		p.counts.sent += int64(n)
		s.sent += int64(n)
		// A failed write has closed the connection: OnClose saw to it.
		if out.Lent() {
			s.slices = out.Slices(s.slices[:0])
			_, _ = p.conn.Writev(s.slices)
		} else {
			_, _ = p.conn.Write(out.Made())
		}
		if p.closed {
			s.recycle(out)
			return
		}
		if p.conn.OutboundBuffered() > maxOutbound {
			s.hangUp(p, "it does not read what it is sent")
		}
	}
	s.recycle(out)
}

// hangUp closes the connection soon. What is left to be written may be lost.
func (s *Server) hangUp(p *peer, why string) {
	if p.why == "" && !p.closed {
		p.why = why
		_ = p.conn.Close()
	}
}

// frames handles each whole frame in buf, and keeps the rest. Only a trailing
// piece of a frame is copied, so a peer can make us keep one frame at most.
func (s *Server) frames(p *peer, buf []byte) error {
	for len(p.partial) > 0 && len(buf) > 0 {
		need := codec.HeaderLen - len(p.partial)
		if need <= 0 {
			// A length that is too large was refused when its four bytes were there.
			need = codec.HeaderLen + int(binary.LittleEndian.Uint32(p.partial)) - len(p.partial)
		}
		take := min(need, len(buf))
		p.partial = append(p.partial, buf[:take]...)
		buf = buf[take:]
		f, n, err := p.Dec.Next(p.partial)
		if err != nil {
			return err
		}
		if n > 0 {
			whole := p.partial
			p.partial = nil
			if n != len(whole) {
				panic("server: a frame is shorter than it says")
			}
			err := s.handle(p, f)
			s.forget(whole)
			if err != nil {
				return err
			}
		}
	}
	for len(buf) > 0 {
		f, n, err := p.Dec.Next(buf)
		if err != nil {
			return err
		}
		if n == 0 {
			p.partial = s.keep(buf)
			return nil
		}
		buf = buf[n:]
		if err := s.handle(p, f); err != nil {
			return err
		}
	}
	return nil
}

// largeFrame is what is worth keeping the memory for.
const largeFrame = 4 << 10

// keep copies the beginning of a frame, forget takes the memory back.
func (s *Server) keep(begun []byte) []byte {
	n := len(s.frameRoom)
	switch {
	case len(begun) < largeFrame:
		return append([]byte(nil), begun...)
	case n == 0:
		return append(make([]byte, 0, codec.HeaderLen+codec.MaxFrame), begun...)
	}
	b := s.frameRoom[n-1]
	s.frameRoom = s.frameRoom[:n-1]
	return append(b, begun...)
}

func (s *Server) forget(b []byte) {
	if cap(b) == codec.HeaderLen+codec.MaxFrame && len(s.frameRoom) < 16 {
		s.frameRoom = append(s.frameRoom, b[:0])
	}
}

// maxBuffers is how many connections have something to say at a time; before
// there is one more the oldest is written.
const maxBuffers = 16

// buffer lends memory for frames, recycle takes it back. Idle peers hold none.
func (s *Server) buffer() *codec.Vector {
	if n := len(s.spare); n > 0 {
		v := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return v
	}
	return &codec.Vector{}
}

func (s *Server) recycle(v *codec.Vector) {
	if v != nil && len(s.spare) < maxBuffers {
		v.Reset(nil)
		s.spare = append(s.spare, v)
	}
}
