package server

import (
	"bytes"

	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
)

// How results are worded. What is small is worded at once; what may be large stays
// as it came, in memory or in the temporary file, and is worded while it is written.
// All that has to be known before, whether it is UTF-8, is found out while it comes.

const (
	// muchWorded is how much is worded before it is passed on.
	muchWorded = 128 << 10
	// mostWhole is the largest record or output that is worded at once.
	mostWhole = 64 << 10
)

// parts is a result that has come in part.
type parts struct {
	attempt        uint64
	stdout, stderr stream
}

// A stream is what a job wrote to its stdout, or to its stderr.
type stream struct {
	hold  *order.Hold // what came in parts; nil: nothing did, or it was passed on
	came  int64       // bytes of that
	check render.Check
	end   []byte // what came with the end of the result
}

func (t *stream) empty() bool { return t.came == 0 && len(t.end) == 0 }

// add takes a part of what job seq printed, which came from a worker, or from nobody.
func (s *Server) add(seq uint64, t *stream, worker uint64, data []byte) {
	if t.hold == nil {
		t.hold = s.Stage.NewHold(seq)
	}
	if s.Format == render.JSONLines {
		t.check.Add(data)
	}
	t.came += int64(len(data))
	s.Stage.Append(t.hold, worker, data)
}

// whole makes one of what came before and of the end.
func (s *Server) whole(seq uint64, t *stream) *order.Hold {
	s.add(seq, t, 0, t.end)
	t.end = nil
	return t.hold
}

// emit passes on the result of a job in the format of the run. Of the job all but its
// number is needed for formats other than text.
func (s *Server) emit(r order.Receipt, job *render.Job, p *parts) {
	if h := s.large(job, p); h != nil {
		s.Stage.EmitHold(r, h)
		return
	}
	text := p.stdout.end
	if s.Format != render.Text {
		s.text = s.appendWorded(s.text, job, text, p.stderr.end)
		text = s.text
	}
	s.Stage.Emit(r, text)
	s.text = emptied(s.text)
}

// appendWorded appends a result that is small enough to be worded at once.
func (s *Server) appendWorded(dst []byte, job *render.Job, stdout, stderr []byte) []byte {
	if s.Format == render.JSONLines {
		return s.objects.Append(dst, job, stdout, stderr)
	}
	return render.AppendTagged(dst, job.Record, stdout, s.Schedule.Delim)
}

// large returns a result that is not to be worded at once, with what is around it;
// of others it returns nil.
func (s *Server) large(job *render.Job, p *parts) *order.Hold {
	switch {
	case s.Format == render.JSONLines:
		if p.stdout.hold != nil || p.stderr.hold != nil || len(job.Record) > mostWhole {
			return s.object(job, p)
		}
	case s.Format == render.TaggedText && !p.stdout.empty():
		lines := 1 + bytes.Count(p.stdout.end, []byte{s.Schedule.Delim})
		if p.stdout.hold != nil || lines*len(job.Record) > muchWorded {
			return s.tagged(job, p)
		}
	case p.stdout.hold != nil:
		return s.whole(job.Seq, &p.stdout)
	}
	return nil
}

// tagged has the job and a TAB before each line.
func (s *Server) tagged(job *render.Job, p *parts) *order.Hold {
	var tag stream
	s.add(job.Seq, &tag, 0, job.Record)
	s.add(job.Seq, &tag, 0, []byte{'\t'})
	h := s.Stage.NewHold(job.Seq)
	s.Stage.Join(h, tag.hold, render.Tag)
	s.Stage.Join(h, s.whole(job.Seq, &p.stdout), render.Tagged)
	return h
}

// object is a JSON object.
func (s *Server) object(job *render.Job, p *parts) *order.Hold {
	h := s.Stage.NewHold(job.Seq)
	s.text = render.AppendBegin(s.text, job.Seq)
	if len(job.Record) <= mostWhole {
		s.text = render.AppendRecord(s.text, job)
	} else {
		var record stream
		s.add(job.Seq, &record, 0, job.Record)
		s.member(job.Seq, h, "job", &record)
	}
	s.member(job.Seq, h, "stdout", &p.stdout)
	s.member(job.Seq, h, "stderr", &p.stderr)
	s.text = s.objects.AppendEnd(s.text, job)
	s.Stage.Append(h, 0, s.text)
	s.text = emptied(s.text)
	return h
}

// member adds a member to an object of which s.text is the end so far.
func (s *Server) member(seq uint64, h *order.Hold, name string, t *stream) {
	if t.hold == nil {
		s.text = render.AppendBytes(s.text, name, t.end)
		return
	}
	held, form := s.whole(seq, t), render.Escaped
	if !t.check.UTF8() {
		form = render.Base64
	}
	s.text = render.AppendName(s.text, name, t.check.UTF8())
	s.Stage.Append(h, 0, s.text)
	s.Stage.Join(h, held, form)
	s.text = append(s.text[:0], '"')
}
