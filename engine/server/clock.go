package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A ping is one that was sent and is not answered.
type ping struct {
	sent time.Duration
	flow bool // measures how jobs get on
}

// ping asks a worker for a sign of life, and how far away it is.
func (s *Server) ping(p *peer, flow bool) {
	now := s.now()
	p.pings = append(p.pings, ping{now, flow})
	if flow {
		p.flow++
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(now))
	s.put(p, codec.TypePing, b[:])
}

// pong takes the answer to the oldest ping.
func (s *Server) pong(p *peer, payload []byte) error {
	if len(p.pings) == 0 || len(payload) != 8 || time.Duration(binary.LittleEndian.Uint64(payload)) != p.pings[0].sent {
		return errors.New("it answered a ping that it was not sent")
	}
	first := p.pings[0]
	if p.pings = p.pings[1:]; len(p.pings) == 0 {
		p.pings = nil
	}
	s.sched.RoundTrip(p.id, s.now()-first.sent)
	if first.flow {
		p.flow--
		s.pump(p)
	}
	return nil
}

// maxStall is how long a worker may take none of what it is sent.
const maxStall = 30 * time.Second

// look does what is due by time alone. What passed while this process, or the
// machine, was stopped does not count: what workers sent meanwhile waits to be
// read, and none of them is to be taken for dead.
func (s *Server) look(now time.Duration) {
	s.awake += min(now-s.looked, 2*tick)
	s.looked = now
	if s.carried || s.Stage.Idle() {
		s.carried, s.flowed = false, now
	}
	for _, p := range s.peers {
		if delivered := p.wrote - p.conn.OutboundBuffered(); delivered > p.delivered || delivered == p.wrote {
			p.delivered, p.moved = delivered, s.awake
		}
		p.meter.Rest(now, &s.links)
		switch {
		case s.awake-p.heard > s.DeadAfter:
			p.silent = true
			s.hangUp(p, fmt.Sprintf("it was silent for %v", s.DeadAfter))
		case s.awake-p.moved > max(maxStall, 2*s.DeadAfter):
			s.hangUp(p, "it does not read what it is sent")
		case s.awake-p.spoke > s.DeadAfter/3 && len(p.pings) == 0:
			s.ping(p, false)
		}
	}
	s.lookAway(now)
	s.sayAlone(now)
	s.sayChanges()
	if now >= s.retryAt {
		s.retryAt = now + retrySpill
		s.Stage.Retry()
	}
}

// retrySpill is how often it is tried whether a full temporary file takes more.
const retrySpill = time.Second

const (
	firstWord = time.Second      // without workers
	nextWord  = 30 * time.Second // as long as there are still none
)

// sayAlone tells the user that nobody is there to work.
func (s *Server) sayAlone(now time.Duration) {
	if len(s.peers) > 0 || s.sched.Waiting() == 0 {
		s.hushed = now + firstWord
		return
	}
	if now >= s.hushed {
		s.hushed = now + nextWord
		s.Log.Warn("no workers", "no workers: jobs wait for one to connect to "+s.Waits, "addr", s.Waits, "jobs", s.sched.Waiting())
	}
}

// sayChanges tells what has begun since.
func (s *Server) sayChanges() {
	if spilled := s.Stage.Spills(); spilled != s.spilled {
		s.spilled = spilled
		if spilled {
			s.Log.Info("spilling", "dir", os.TempDir(), "memory", s.Stage.Memory())
		} else {
			s.Log.Info("spilling ended")
		}
	}
}

// leastAlarm bounds how often the loop takes a turn only because of the rate; at
// more jobs a second than that allows, several are handed out in a turn.
const leastAlarm = time.Millisecond

// setAlarm makes the loop take a turn when the rate allows more jobs.
func (s *Server) setAlarm() {
	if after, ok := s.sched.Due(); ok {
		s.alarm.Reset(max(after, leastAlarm))
	}
}
