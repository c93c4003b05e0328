package server

import (
	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/trace"
)

// What the trace is told. Without one nothing is done, and no time looked at.

func (s *Server) traceJoin(p *peer) {
	if s.Trace != nil {
		s.Trace.Join(uint64(p.first), p.name(), int(p.Hello.Slots))
	}
}

func (s *Server) traceLeave(p *peer) {
	if s.Trace != nil {
		s.Trace.Leave(s.now(), uint64(p.first))
	}
}

func (s *Server) traceRead(seq uint64, count int) {
	if s.Trace != nil {
		s.Trace.Read(s.now(), seq, count)
	}
}

func (s *Server) traceSent(p *peer, a *schedule.Action) {
	if s.Trace != nil {
		s.Trace.Sent(s.now(), uint64(p.first), a.Range.Seq, a.Range.Count, a.Attempt)
	}
}

func (s *Server) traceReturned(p *peer, span codec.Span) {
	if s.Trace != nil {
		s.Trace.Returned(s.now(), uint64(p.first), span.Seq, int(span.Count))
	}
}

func (s *Server) traceAnswers(p *peer, m *codec.Answers) {
	if s.Trace != nil {
		s.Trace.Answered(s.now(), uint64(p.first), trace.Answer{
			Seq: m.Seq, Count: int(m.Count), Start: m.Start, Took: m.Took, Outcome: "ok",
		})
	}
}

func (s *Server) traceResult(p *peer, r *codec.Result, again bool) {
	if s.Trace == nil {
		return
	}
	outcome := "ok"
	if r.Outcome != codec.Exited || r.Code != 0 {
		outcome = s.cause(r)
	}
	s.Trace.Answered(s.now(), uint64(p.first), trace.Answer{
		Seq: r.Seq, Count: 1, Start: r.Start, Took: r.Took, Outcome: outcome, Again: again,
	})
}

func (s *Server) traceWritten(seq uint64, count int) {
	if s.Trace != nil && count > 0 {
		s.Trace.Written(s.now(), seq, count)
	}
}
