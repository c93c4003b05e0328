package server

import (
	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

const (
	// recordRoom is what a Jobs or JobPart frame holds besides its integers.
	recordRoom = codec.MaxPayload - 32
	// stretch is how much of a large record goes between two pings, and
	// maxFlow how many of those may be unanswered: gnet's buffer has no bound
	// of its own, and a record may be larger than we would like it to hold.
	stretch = 256 << 10
	maxFlow = 4
)

// An errand is jobs on their way to a worker that cannot be sent in one go: a
// record of more than a frame, or jobs that have to follow one.
type errand struct {
	batch.Range
	attempt uint64
	sent    int // bytes
}

// release gives up the memory that the errand keeps.
func (e *errand) release() { e.Block.Release(1) }

// send hands jobs to a worker.
func (s *Server) send(p *peer, a *schedule.Action) {
	if len(p.waiting) == 0 && len(a.Range.Data) <= recordRoom {
		s.putJobs(p, a.Range, uint64(a.Attempt))
		return
	}
	// The scheduler lends the bytes for this turn only.
	if a.Range.Block != nil {
		a.Range.Block.Add(1)
	}
	p.waiting = append(p.waiting, errand{Range: a.Range, attempt: uint64(a.Attempt)})
	s.pump(p)
}

func (s *Server) putJobs(p *peer, r batch.Range, attempt uint64) {
	s.head = codec.AppendJobs(s.head[:0], codec.Jobs{Seq: r.Seq, Count: uint64(r.Count), Attempt: attempt})
	s.put(p, codec.TypeJobs, s.head, r.Data)
}

// pump sends what waits for the worker, as far as it keeps up.
func (s *Server) pump(p *peer) {
	for len(p.waiting) > 0 {
		e := &p.waiting[0]
		if len(e.Data) <= recordRoom {
			s.putJobs(p, e.Range, e.attempt)
		} else if !s.putParts(p, e) {
			return
		}
		e.release()
		p.waiting[0] = errand{}
		if p.waiting = p.waiting[1:]; len(p.waiting) == 0 {
			p.waiting = nil
		}
	}
}

// putParts sends parts of a large record, and reports whether that was all.
func (s *Server) putParts(p *peer, e *errand) bool {
	for p.flow < maxFlow {
		for end := min(e.sent+stretch, len(e.Data)); e.sent < end; {
			n := min(recordRoom, end-e.sent)
			s.head = codec.AppendJobPart(s.head[:0], codec.JobPart{Seq: e.Seq, Attempt: e.attempt, Last: e.sent+n == len(e.Data)})
			s.put(p, codec.TypeJobPart, s.head, e.Data[e.sent:e.sent+n])
			e.sent += n
		}
		if e.sent == len(e.Data) {
			return true
		}
		s.ping(p, true)
	}
	return false
}
