package server

import (
	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

const (
	// recordRoom is what a Jobs or JobPart frame holds besides its integers.
	recordRoom = codec.MaxPayload - 32
	// stretch is how many bytes of jobs go between two pings, and maxFlow how
	// many of those may be unanswered: gnet's buffer has no bound of its own,
	// and the jobs of many slots, or one large record, may be more than we would
	// like it to hold. Together they are what a link of 1 Gbit/s carries in 64 ms.
	stretch = 256 << 10
	maxFlow = 32
)

// An errand is jobs on their way to a worker that cannot be sent in one go: a
// record of more than a frame, or jobs that have to wait behind others; or the
// cancellation of such jobs, which must not overtake them.
type errand struct {
	batch.Range
	attempt uint64 // 0: Range is cancelled
	sent    int    // bytes
}

// release gives up the memory that the errand keeps.
func (e *errand) release() { e.Block.Release(1) }

// send hands jobs to a worker.
func (s *Server) send(p *peer, a *schedule.Action) {
	s.payAcks(p) // an attempt is done with before the next one begins
	if len(p.waiting) == 0 && p.flow < maxFlow && len(a.Range.Data) <= recordRoom {
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

// cancel tells a worker that a job of its is settled.
func (s *Server) cancel(p *peer, a *schedule.Action) {
	s.dropParts(p, a.Range.Seq)
	s.laneCancelled(p, a.Range.Seq)
	s.Log.Info("copy cancelled", p.attrs(s.noun(), a.Range.Seq, "why", "another worker was first")...)
	p.waiting = append(p.waiting, errand{Range: a.Range})
	s.pump(p)
}

func (s *Server) putCancel(p *peer, r batch.Range) {
	s.head = codec.AppendCancel(s.head[:0], codec.Cancel{Spans: []codec.Span{{Seq: r.Seq, Count: uint64(r.Count)}}})
	s.put(p, codec.TypeCancel, s.head)
	p.asked += r.Count
}

func (s *Server) putJobs(p *peer, r batch.Range, attempt uint64) {
	s.head = codec.AppendJobs(s.head[:0], codec.Jobs{Seq: r.Seq, Count: uint64(r.Count), Attempt: attempt})
	s.lend(p, codec.TypeJobs, s.head, r.Data)
	s.mark(p, len(r.Data))
}

// mark sends a ping after each stretch of jobs.
func (s *Server) mark(p *peer, n int) {
	if p.unmarked += n; p.unmarked >= stretch {
		p.unmarked = 0
		s.ping(p, true)
	}
}

// pump sends what waits for the worker, as far as it keeps up.
func (s *Server) pump(p *peer) {
	for len(p.waiting) > 0 && p.flow < maxFlow {
		e := &p.waiting[0]
		switch {
		case e.attempt == 0:
			s.putCancel(p, e.Range)
		case len(e.Data) <= recordRoom:
			s.putJobs(p, e.Range, e.attempt)
		case !s.putParts(p, e):
			return
		}
		if p.out != nil && p.out.Lent() {
			s.write(p) // as long as its bytes are there
		}
		if p.closed {
			return // and the errand is released
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
		n := min(recordRoom, len(e.Data)-e.sent)
		last := e.sent+n == len(e.Data)
		s.head = codec.AppendJobPart(s.head[:0], codec.JobPart{Seq: e.Seq, Attempt: e.attempt, Last: last})
		s.lend(p, codec.TypeJobPart, s.head, e.Data[e.sent:e.sent+n])
		e.sent += n
		s.mark(p, n)
		s.writeMuch(p)
		if p.closed {
			return false // and the errand is released
		}
		if last {
			return true
		}
	}
	return false
}
