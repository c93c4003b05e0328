package server

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/panjf2000/gnet/v2"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/render"
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
	p.counts = &counts{}
	s.lastID++
	p.id = s.lastID
	s.peers[p.id] = p
	s.Counts.Workers.Store(int64(len(s.peers)))
	if s.phase != running {
		s.tellOver(p)
		s.flush() // there may be no turn any more
	} else {
		p.was = s.predecessor(p)
		s.welcome(p)
		if p.Hello.Lines && s.Format != render.JSONLines {
			s.noAnswer = []byte{s.Schedule.Delim} // so that line n still answers job n
		}
		s.ping(p, false)
		if p.was == nil {
			s.join(p)
		}
	}
	s.Kick()
	return nil, gnet.None
}

// join takes on a worker that is new.
func (s *Server) join(p *peer) {
	if p.Hello.Session != noSession {
		s.sessions[p.Hello.Session] = p
	}
	s.sched.Join(s.now(), p.id, int(p.Hello.Slots))
	p.first = p.id
	s.laneJoin(p)
	s.traceJoin(p)
	s.Log.Info("worker joined", p.attrs("slots", p.Hello.Slots)...)
}

// welcome tells a worker what holds for this run.
func (s *Server) welcome(p *peer) {
	compression := s.Compress.choose(p, s.linked < mostLinked)
	if p.linked = compression.Links(); p.linked {
		s.linked++
	}
	p.Enc.SetCompression(compression)
	p.Dec.SetCompression(compression)
	p.begun = max(leastWindow, min(s.share()/firstShare, firstWindow))
	if p.was != nil {
		p.begun = p.was.begun // it may have results ready that need as much
	}
	s.enlarge(p, p.begun)
	s.put(p, codec.TypeWelcome, codec.AppendWelcome(nil, codec.Welcome{
		Version: p.Version, Run: s.Config.Run, Compression: compression, Delim: s.Schedule.Delim,
		DeadAfter: s.DeadAfter, Timeout: s.Timeout, Credit: uint64(p.window), MaxJob: uint64(s.MaxJob),
		Grace: s.Grace, Resumed: p.was != nil,
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
	p.counts.received += int64(len(buf))
	s.received += int64(len(buf))
	if p.why == "" {
		if err := s.receive(p, buf); err != nil {
			if p.why = err.Error(); err == io.EOF {
				p.why = ""
			}
			p.altered = errors.Is(err, codec.ErrNotOpen)
			return gnet.Close
		}
		s.laneCredit(p)
	}
	s.turn()
	return gnet.None
}

// receive handles bytes of one peer. A panic is that peer's end, not ours.
func (s *Server) receive(p *peer, buf []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.Log.Info("internal error", p.attrs("why", r, "stack", debug.Stack())...)
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	return s.frames(p, buf)
}

// OnClose is the end of a connection. gnet may call it from inside a Write.
func (s *Server) OnClose(c gnet.Conn, err error) gnet.Action {
	p, ok := c.Context().(*peer)
	if !ok || p.closed {
		return gnet.None
	}
	s.part(p, err)
	s.Kick()
	return gnet.None
}

// part forgets a connection, and its worker unless it may return.
func (s *Server) part(p *peer, err error) {
	p.closed = true
	s.enlarge(p, -p.window)
	delete(s.peers, p.id)
	if p.linked {
		s.linked--
	}
	p.meter.Forget(&s.links)
	s.Counts.Workers.Store(int64(len(s.peers)))
	for seq := range p.parts {
		s.dropParts(p, seq)
	}
	for i := range p.waiting {
		p.waiting[i].release()
	}
	p.waiting = nil
	p.left()
	if p.was != nil { // it has not taken the place of the one that is away
		if p.was.heir == p {
			p.was.heir = nil
		}
		s.farewell(p, "", err, nil)
		return
	}
	held := s.leased(p)
	var jobs []any
	if held > 0 {
		jobs = []any{"jobs", held, s.noun() + "s", s.spans(p)}
	}
	if s.mayReturn(p, held) {
		s.goAway(p)
		s.farewell(p, s.isKept(held), err, append(jobs, "kept", s.Grace))
		return
	}
	if s.sessions[p.Hello.Session] == p {
		delete(s.sessions, p.Hello.Session)
	}
	s.laneEnd(p)
	s.sched.Leave(s.now(), p.id)
	s.traceLeave(p)
	s.farewell(p, goElsewhere(held), err, jobs)
}

// farewell says why a connection has ended, if that is news, and what becomes
// of its jobs, as words and as attributes.
func (s *Server) farewell(p *peer, jobs string, err error, attrs []any) {
	switch {
	case s.phase != running:
	case p.why != "":
		s.Log.Warn("worker cut off", fmt.Sprintf("worker %s is cut off: %s%s", p.name(), p.why, jobs), p.attrs(append(attrs, "why", p.why)...)...)
	case p.leaving:
		s.Log.Info("worker left", p.attrs(attrs...)...)
	case err == errAgain:
		s.Log.Info("worker connects again", p.attrs(attrs...)...)
	default:
		if err == nil || errors.Is(err, io.EOF) {
			err = errClosed
		}
		s.Log.Warn("worker lost", fmt.Sprintf("worker %s is lost: %v%s", p.name(), err, jobs), p.attrs(append(attrs, "why", err)...)...)
	}
}

var errClosed = errors.New("it closed the connection")

func (s *Server) isKept(held int) string {
	if held == 1 {
		return fmt.Sprintf("; the job it has is kept for it for %v", s.Grace)
	}
	return fmt.Sprintf("; the %d jobs it has are kept for it for %v", held, s.Grace)
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
