package server

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/panjf2000/gnet/v2"

	"github.com/jobpipe/jobpipe/codec"
)

// OnOpen welcomes a worker that has been enrolled; only from here on may the
// connection be written to.
func (s *Server) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	p, ok := c.Context().(*peer)
	if !ok {
		return nil, gnet.None // our own: see Start
	}
	p.conn = c
	p.Enc.SetScratch(s.scratch)
	p.Dec.SetScratch(s.scratch)
	p.heard, p.spoke, p.moved = s.awake, s.awake, s.awake
	s.lastID++
	p.id = s.lastID
	s.peers[p.id] = p
	s.Counts.Workers.Store(int64(len(s.peers)))
	if s.phase != running {
		s.tellOver(p)
		s.flush() // there may be no turn any more
	} else {
		s.welcome(p)
		if p.Hello.Lines {
			s.noAnswer = []byte{s.Schedule.Delim} // so that line n still answers job n
		}
		s.ping(p, false)
		s.sched.Join(s.now(), p.id, int(p.Hello.Slots))
		s.traceJoin(p)
		s.Log.Note("worker %s joined with %d slots", p.name(), p.Hello.Slots)
	}
	s.Kick()
	return nil, gnet.None
}

// welcome tells a worker what holds for this run.
func (s *Server) welcome(p *peer) {
	compression := s.Compress.choose(p)
	p.Enc.SetCompression(compression)
	p.begun = min(s.share(), firstWindow)
	p.window = p.begun
	s.put(p, codec.TypeWelcome, codec.AppendWelcome(nil, codec.Welcome{
		Version: p.Version, Run: s.Config.Run, Compression: compression, Delim: s.Schedule.Delim,
		DeadAfter: s.DeadAfter, Timeout: s.Timeout, Credit: uint64(p.window), MaxJob: uint64(s.MaxJob),
	}))
}

// OnTraffic handles what a worker sent.
func (s *Server) OnTraffic(c gnet.Conn) gnet.Action {
	buf, _ := c.Next(-1)
	p, ok := c.Context().(*peer)
	if !ok || p.closed {
		return gnet.None
	}
	p.heard = s.awake
	if p.why == "" {
		if err := s.receive(p, buf); err != nil {
			if p.why = err.Error(); err == io.EOF {
				p.why = ""
			}
			return gnet.Close
		}
	}
	s.turn()
	return gnet.None
}

// receive handles bytes of one peer. A panic is that peer's end, not ours.
func (s *Server) receive(p *peer, buf []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.Log.Note("%s", debug.Stack())
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	return s.frames(p, buf)
}

// OnClose forgets a worker. gnet may call it from inside a Write.
func (s *Server) OnClose(c gnet.Conn, err error) gnet.Action {
	p, ok := c.Context().(*peer)
	if !ok || p.closed {
		return gnet.None
	}
	p.closed = true
	delete(s.peers, p.id)
	s.Counts.Workers.Store(int64(len(s.peers)))
	for seq := range p.parts {
		s.dropParts(p, seq)
	}
	for i := range p.waiting {
		p.waiting[i].release()
	}
	p.waiting = nil
	held := 0
	for _, r := range s.sched.Held(p.id) {
		held += r.Count
	}
	s.sched.Leave(s.now(), p.id)
	s.traceLeave(p)
	p.left()
	s.farewell(p, held, err)
	s.Kick()
	return gnet.None
}

// farewell says why a worker is gone, if that is news.
func (s *Server) farewell(p *peer, held int, err error) {
	switch {
	case s.phase != running:
	case p.why != "":
		s.grumble("worker %s is cut off: %s%s", p.name(), p.why, goElsewhere(held))
	case p.leaving && held == 0:
		s.Log.Note("worker %s left", p.name())
	case p.leaving:
		s.Log.Note("worker %s left%s", p.name(), goElsewhere(held))
	case err != nil && !errors.Is(err, io.EOF):
		s.grumble("worker %s is lost: %v%s", p.name(), err, goElsewhere(held))
	default:
		s.grumble("worker %s is lost: it closed the connection%s", p.name(), goElsewhere(held))
	}
}

func goElsewhere(held int) string {
	switch held {
	case 0:
		return ""
	case 1:
		return "; the job it had goes elsewhere"
	}
	return fmt.Sprintf("; the %d jobs it had go elsewhere", held)
}
