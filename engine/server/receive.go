package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// handle does what one frame asks for. An error means that the peer does not
// keep to the protocol; io.EOF, that it has said goodbye.
func (s *Server) handle(p *peer, f codec.Frame) error {
	if p.idle(f) {
		if err := p.budget.spend(s.awake, p.Hello.Slots, 1); err != nil {
			return err
		}
	}
	if s.sched.Pieces(p.id) > mostPieces {
		return errors.New("it leaves out more jobs of what it answers or gives back than it can run")
	}
	switch f.Type {
	case codec.TypePing:
		s.put(p, codec.TypePong, f.Payload)
		return nil
	case codec.TypePong:
		return s.pong(p, f.Payload)
	case codec.TypeGoodbye:
		m, err := codec.ParseGoodbye(f.Payload)
		if err != nil {
			return err
		}
		p.leaving = true
		if m.Reason == codec.GoodbyeCannotRun {
			why := codec.Clean(m.Sentence)
			s.Log.Warn("worker cannot run jobs", fmt.Sprintf("worker %s left: %s", p.name(), why), p.attrs("why", why)...)
		}
		return io.EOF
	}
	if s.phase != running {
		return nil // nobody waits for it any more
	}
	switch f.Type {
	case codec.TypeAnswers:
		return s.answers(p, f.Payload)
	case codec.TypeResults:
		for rest := f.Payload; len(rest) > 0; {
			r, more, err := codec.NextResult(rest)
			if err != nil {
				return err
			}
			if err := s.result(p, &r); err != nil {
				return err
			}
			rest = more
		}
		return nil
	case codec.TypeResultPart:
		return s.resultPart(p, f.Payload)
	case codec.TypeGiveBack:
		return s.giveBack(p, f.Payload)
	case codec.TypeHeld:
		return s.held(p, f.Payload)
	case codec.TypeSlots:
		m, err := codec.ParseSlots(f.Payload)
		if err == nil {
			s.setSlots(p, int(min(m.Slots, codec.MaxSlots)))
		}
		return err
	}
	return fmt.Errorf("it sent a frame of type %d, which a worker never sends", f.Type)
}

// mostPieces is more ranges than the jobs of a worker can lie in: those that the
// scheduler hands out, and one more for each job that its slots are at, as it does
// not answer in order.
var mostPieces = 1 << 15 // less in tests

// setSlots takes note that a worker takes another number of jobs at a time.
func (s *Server) setSlots(p *peer, slots int) {
	_, had := s.sched.Load(p.id)
	s.sched.Slots(s.now(), p.id, slots)
	s.laneSlots(p)
	switch {
	case had > 0 && slots == 0:
		s.Log.Info("worker takes no jobs", p.attrs()...)
	case had == 0 && slots > 0:
		s.Log.Info("worker takes jobs again", p.attrs("slots", slots)...)
	}
}

// idle tells whether a frame does nothing to settle a job, or next to nothing.
// For Pongs there is one's ping each.
func (p *peer) idle(f codec.Frame) bool {
	switch f.Type {
	case codec.TypePing, codec.TypeSlots, codec.TypeGiveBack, codec.TypeHeld:
		return true
	case codec.TypeResults:
		return len(f.Payload) == 0
	case codec.TypeResultPart:
		return len(f.Payload) < p.smallPart()
	}
	return false
}

// spend counts bytes of results against the peer's credit.
func (p *peer) spend(n int) error {
	if p.used += n; p.used > p.window {
		return fmt.Errorf("it sent %d bytes of results more than it may", p.used-p.window)
	}
	return nil
}

// maxStray is how many answers for jobs that it does not hold a worker may give
// before it is hung up on.
const maxStray = 100

// unwanted takes bytes of an answer that nobody waits for: their credit returns.
func (s *Server) unwanted(p *peer, seq uint64, n int) error {
	if p.stray++; p.stray > maxStray {
		return fmt.Errorf("it answers jobs that it does not have, such as %d", seq)
	}
	s.Log.Info("answer ignored", p.attrs(s.noun(), seq, "why", "it does not have the job")...)
	s.owe(p, order.Receipt{Bytes: n})
	return nil
}

// answers takes line mode's answers to a range of jobs.
func (s *Server) answers(p *peer, payload []byte) error {
	m, err := codec.ParseAnswers(payload)
	if err != nil {
		return err
	}
	delim := s.Schedule.Delim
	if n := len(m.Lines); n == 0 || m.Lines[n-1] != delim || uint64(bytes.Count(m.Lines, []byte{delim})) != m.Count {
		return fmt.Errorf("it sent %d bytes that are not %d answers", n, m.Count)
	}
	if err := p.spend(len(m.Lines)); err != nil {
		return err
	}
	sent := s.sentAt(p, m.Seq)
	rest := batch.Range{Seq: m.Seq, Count: int(m.Count), Data: m.Lines} // no more than there are lines in a frame
	for rest.Count > 0 {
		count := rest.Count
		jobs, attempt := s.records(p, rest.Seq, count)
		if jobs.Count > 0 {
			count = jobs.Count // which have all become late, or none
		}
		n, late := s.sched.Answer(s.now(), p.id, rest.Seq, count)
		if n == 0 {
			return s.unwanted(p, rest.Seq, len(rest.Data))
		}
		some := rest.Split(delim, n)
		s.dropPartsOf(p, some.Seq, uint64(n)) // an honest worker has sent none
		if late {
			s.owe(p, order.Receipt{Worker: uint64(p.id), Seq: some.Seq, Count: n, Bytes: len(some.Data)})
			continue
		}
		s.Counts.Done.Add(int64(n))
		p.counts.done += int64(n)
		s.tellAnswers(p, &m, some, jobs, attempt)
	}
	p.budget.earn(settledFrames)
	s.laneRan(p, sent, int(m.Count), m.Start, m.Took)
	s.traceAnswers(p, &m)
	return nil
}

// result takes a result, or the end of one that came in parts.
func (s *Server) result(p *peer, r *codec.Result) error {
	size := len(r.Stdout) + len(r.Stderr)
	if err := p.spend(size); err != nil {
		return err
	}
	p.unprefer(r.Seq, 1)
	half := p.parts[r.Seq]
	if half != nil && half.attempt != r.Attempt {
		return fmt.Errorf("it sent parts of job %d as attempt %d and the end as attempt %d", r.Seq, half.attempt, r.Attempt)
	}
	if held, _ := s.sched.Holds(p.id, r.Seq, int(r.Attempt)); !held { // parts of another attempt were not kept
		s.dropParts(p, r.Seq)
		return s.unwanted(p, r.Seq, size)
	}
	failed := r.Outcome != codec.Exited || r.Code != 0
	job, _ := s.records(p, r.Seq, 1)
	var v schedule.Verdict
	sent := s.sentAt(p, r.Seq)
	if failed {
		v = s.sched.Failed(s.now(), p.id, r.Seq, int(r.Attempt))
	} else {
		_, v.Late = s.sched.Answer(s.now(), p.id, r.Seq, 1)
		v.Final = !v.Late
	}
	p.budget.earn(settledFrames)
	s.laneRan(p, sent, 1, r.Start, r.Took)
	s.traceResult(p, r, !v.Final && !v.Late && !v.Twin)
	if v.Late {
		s.dropParts(p, r.Seq)
		s.owe(p, order.Receipt{Seq: r.Seq, Count: 1, Bytes: size})
		return nil
	}
	if failed {
		p.counts.failed++
	}
	if !v.Final || s.Format != render.JSONLines { // else it is in the object
		s.printStderr(r.Seq, half, r.Stderr)
	}
	if !v.Final {
		s.dropParts(p, r.Seq)
		s.owe(p, order.Receipt{Seq: r.Seq, Count: 1, Bytes: size})
		s.retried++
		what := "job tried again"
		if v.Twin {
			what = "copy failed"
		}
		s.Log.Info(what, p.attrs(s.noun(), r.Seq, "attempt", r.Attempt, "why", s.cause(r))...)
		return nil
	}
	var cause string
	if failed {
		cause = s.cause(r)
		s.failed(failure{seq: r.Seq, why: cause, record: v.Record.Data, on: p, tries: r.Attempt, stderr: r.Stderr})
	}
	p.counts.done++
	s.Counts.Done.Add(1)
	s.tellResult(p, half, r, job, cause)
	delete(p.parts, r.Seq)
	return nil
}

// printStderr passes on what a job wrote to stderr.
func (s *Server) printStderr(seq uint64, half *parts, end []byte) {
	if half == nil || half.stderr.hold == nil {
		s.Stage.Stderr(end)
		return
	}
	half.stderr.end = end
	s.Stage.StderrHold(s.whole(seq, &half.stderr))
	half.stderr = stream{}
}

// resultPart takes a part of a large result.
func (s *Server) resultPart(p *peer, payload []byte) error {
	m, err := codec.ParseResultPart(payload)
	if err != nil {
		return err
	}
	if err := p.spend(len(m.Data)); err != nil {
		return err
	}
	half := p.parts[m.Seq]
	if half != nil && half.attempt != m.Attempt {
		return fmt.Errorf("it sent parts of job %d as attempts %d and %d", m.Seq, half.attempt, m.Attempt)
	}
	if half == nil {
		held, late := s.sched.Holds(p.id, m.Seq, int(m.Attempt))
		switch {
		case !held:
			return s.unwanted(p, m.Seq, len(m.Data))
		case late:
			s.owe(p, order.Receipt{Bytes: len(m.Data)})
			return nil
		}
		half = &parts{attempt: m.Attempt}
		if p.parts == nil {
			p.parts = map[uint64]*parts{}
		}
		p.parts[m.Seq] = half
	}
	if len(payload) >= p.smallPart() {
		p.budget.earn(1)
	}
	stream := &half.stdout
	if m.Stream == 2 {
		stream = &half.stderr
	}
	s.add(m.Seq, stream, uint64(p.id), m.Data)
	return nil
}

// dropParts forgets what came of a result.
func (s *Server) dropParts(p *peer, seq uint64) {
	half := p.parts[seq]
	if half == nil {
		return
	}
	for _, h := range []*order.Hold{half.stdout.hold, half.stderr.hold} {
		if h != nil {
			s.Stage.Drop(h)
		}
	}
	delete(p.parts, seq)
}

// dropPartsOf is dropParts for jobs one after another.
func (s *Server) dropPartsOf(p *peer, seq, count uint64) {
	for of := range p.parts {
		if of-seq < count {
			s.dropParts(p, of)
		}
	}
}

// giveBack takes back jobs that the worker will not run.
func (s *Server) giveBack(p *peer, payload []byte) error {
	m, err := codec.ParseGiveBack(payload)
	if err != nil {
		return err
	}
	now := s.now()
	for _, span := range m.Spans {
		pieces := s.sched.Pieces(p.id)
		if span.Count > 1<<31 || !s.sched.GiveBack(now, p.id, span.Seq, int(span.Count)) {
			return fmt.Errorf("it gives back %d jobs from %d on, which it does not have", span.Count, span.Seq)
		}
		if s.sched.Pieces(p.id) >= pieces {
			if err := p.tore(s.awake, int(span.Count)); err != nil {
				return err
			}
		}
		p.unprefer(span.Seq, span.Count)
		s.laneReturned(p, int(span.Count))
		s.traceReturned(p, span)
		s.dropPartsOf(p, span.Seq, span.Count)
	}
	s.sched.GaveBack(now, p.id)
	return nil
}
