package server

import (
	"bytes"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/render"
)

// What is told of jobs that have ended, for good: the joblog. Without one nothing
// is done, and no record looked at.

// records returns the first of the jobs [seq, seq+count) that p holds, those of one
// attempt, if they are to be told of. Their bytes stay until the next Dispatch.
func (s *Server) records(p *peer, seq uint64, count int) (batch.Range, int) {
	if !s.Joblog {
		return batch.Range{}, 0
	}
	return s.sched.Records(p.id, seq, count)
}

// tellAnswers tells of jobs that were answered in line mode. What is known is how
// long all answers of the frame took: each job is told to have taken its share.
func (s *Server) tellAnswers(p *peer, m *codec.Answers, lines, jobs batch.Range, attempt int) {
	if !s.Joblog {
		return
	}
	delim := s.Schedule.Delim
	share := float64(m.Took) / float64(m.Count)
	job := render.Job{Worker: p.Hello.Name, Attempt: attempt, Took: uint64(share)}
	for jobs.Count > 0 {
		line, record := lines.Split(delim, 1), jobs.Split(delim, 1)
		s.name(&job, record)
		job.Start = m.Start + uint64(share*float64(record.Seq-m.Seq))
		job.Received = int64(len(line.Data))
		s.joblog = render.AppendJoblog(s.joblog, &job)
	}
	s.log()
}

// tellResult tells of a job that has a result. half is what came before its end.
func (s *Server) tellResult(p *peer, half *parts, r *codec.Result, record batch.Range) {
	if !s.Joblog {
		return
	}
	job := render.Job{
		Worker: p.Hello.Name, Attempt: int(r.Attempt), Start: r.Start, Took: r.Took,
		Ending: endingOf(r), Code: r.Code, Received: int64(len(r.Stdout)),
	}
	if half != nil {
		job.Received += half.printed
	}
	s.name(&job, record)
	s.joblog = render.AppendJoblog(s.joblog, &job)
	s.log()
}

// tellUnrun tells of a job that has failed without a result.
func (s *Server) tellUnrun(record batch.Range, attempt int) {
	if !s.Joblog {
		return
	}
	job := render.Job{Attempt: attempt, Start: uint64(time.Now().UnixMicro()), Ending: render.Unrun}
	s.name(&job, record)
	s.joblog = render.AppendJoblog(s.joblog, &job)
	s.log()
}

// name says which job it is.
func (s *Server) name(job *render.Job, record batch.Range) {
	job.Seq = record.Seq
	job.Sent = int64(len(record.Data))
	job.Record = bytes.TrimSuffix(record.Data, []byte{s.Schedule.Delim})
}

// log hands the lines over that were made.
func (s *Server) log() {
	s.Writer.Joblog(s.joblog)
	if s.joblog = s.joblog[:0]; cap(s.joblog) > largeLog {
		s.joblog = nil
	}
}

// largeLog is more memory than lines are made in, but for a huge record.
const largeLog = 1 << 20

// endingOf says how a job ended, as far as its worker makes sense.
func endingOf(r *codec.Result) render.Ending {
	switch {
	case r.Outcome == codec.Exited:
		return render.Exited
	case r.Outcome == codec.Signaled && r.Code > 0:
		return render.Signaled
	case r.Outcome == codec.TimedOut || r.Outcome == codec.TooLarge:
		return render.Ended
	}
	return render.Unrun
}
