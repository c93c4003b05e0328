package server

import (
	"bytes"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
)

// What is told of jobs that have ended, for good: the joblog, and what their results
// have of them. Where nobody asks for either, nothing is done and no record looked at.

// tells reports whether somebody asks.
func (s *Server) tells() bool { return s.Joblog || s.Format != render.Text }

// records returns the first of the jobs [seq, seq+count) that p holds, those of one
// attempt, if they are to be told of. Their bytes stay until the next Dispatch.
func (s *Server) records(p *peer, seq uint64, count int) (batch.Range, int) {
	if !s.tells() {
		return batch.Range{}, 0
	}
	return s.sched.Records(p.id, seq, count)
}

// tellAnswers tells of jobs that were answered in line mode, and emits the answers.
// What is known is how long all answers of the frame took: each job is told to have
// taken its share.
func (s *Server) tellAnswers(p *peer, m *codec.Answers, lines, jobs batch.Range, attempt int) {
	rc := order.Receipt{Worker: uint64(p.id), Seq: lines.Seq, Count: lines.Count, Bytes: len(lines.Data)}
	if s.Format == render.Text {
		s.Stage.Emit(rc, lines.Data)
	}
	if !s.tells() {
		return
	}
	share := float64(m.Took) / float64(m.Count)
	job := render.Job{Worker: p.Hello.Name, Attempt: attempt, Took: uint64(share)}
	rc.Count, rc.Bytes = 0, 0
	for i := range lines.Count {
		var line, record []byte
		line, lines.Data = s.cut(lines.Data)
		record, jobs.Data = s.cut(jobs.Data)
		s.name(&job, lines.Seq+uint64(i), record)
		job.Start = m.Start + uint64(share*float64(job.Seq-m.Seq))
		job.Received = int64(len(line))
		s.log(&job)
		rc.Count++
		rc.Bytes += len(line)
		switch {
		case s.Format == render.Text:
		case lines.Count == 1: // the only one whose record may be large
			s.emit(rc, &job, &parts{stdout: stream{end: line}})
		default:
			s.text = s.appendWorded(s.text, &job, line, nil)
			if i == lines.Count-1 || len(s.text) >= muchWorded {
				s.Stage.Emit(rc, s.text)
				s.text = s.text[:0]
				rc = order.Receipt{Worker: rc.Worker, Seq: job.Seq + 1}
			}
		}
	}
	s.passLog()
}

// cut takes the first record off b, or the first answer.
func (s *Server) cut(b []byte) (first, rest []byte) {
	if i := bytes.IndexByte(b, s.Schedule.Delim); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	return b, nil
}

// tellResult tells of a job that has a result, and emits that. half is what came
// before its end; nil: nothing.
func (s *Server) tellResult(p *peer, half *parts, r *codec.Result, record batch.Range, cause string) {
	rc := order.Receipt{Worker: uint64(p.id), Seq: r.Seq, Count: 1, Bytes: len(r.Stdout) + len(r.Stderr)}
	if half == nil {
		half = &parts{}
	}
	half.stdout.end, half.stderr.end = r.Stdout, r.Stderr
	if p.Hello.Lines && half.stdout.empty() {
		half.stdout.end = s.noAnswer
	}
	job := render.Job{Seq: r.Seq}
	if s.tells() {
		job = render.Job{
			Worker: p.Hello.Name, Attempt: int(r.Attempt), Start: r.Start, Took: r.Took,
			Ending: endingOf(r), Code: r.Code, Cause: cause,
			Received: half.stdout.came + int64(len(r.Stdout)),
		}
		s.name(&job, r.Seq, record.Data)
		s.log(&job)
		s.passLog()
	}
	s.emit(rc, &job, half)
}

// tellUnrun settles a job that has failed without a result, and tells of it.
func (s *Server) tellUnrun(record batch.Range, attempt int, kind, cause string) {
	s.failed(failure{seq: record.Seq, kind: kind, why: cause, record: record.Data})
	s.Counts.Done.Add(1)
	job := render.Job{Attempt: attempt, Start: uint64(time.Now().UnixMicro()), Ending: render.Unrun, Cause: cause}
	s.name(&job, record.Seq, record.Data)
	s.log(&job)
	s.passLog()
	s.emit(order.Receipt{Seq: record.Seq, Count: 1}, &job, &parts{stdout: stream{end: s.noAnswer}})
}

// name says which job it is.
func (s *Server) name(job *render.Job, seq uint64, record []byte) {
	job.Seq, job.Sent, job.Record = seq, int64(len(record)), record
	if n := len(record); n > 0 && record[n-1] == s.Schedule.Delim {
		job.Record = record[:n-1]
	}
}

// log adds a line to the joblog, and passLog hands over those that were made.
func (s *Server) log(job *render.Job) {
	if s.Joblog {
		s.joblog = s.logged.Append(s.joblog, job)
	}
}

func (s *Server) passLog() {
	if len(s.joblog) > 0 {
		s.Writer.Joblog(s.joblog)
		s.joblog = emptied(s.joblog)
	}
}

// emptied is memory to be used again, unless it has grown for something huge.
func emptied(b []byte) []byte {
	const large = 1 << 20
	if cap(b) > large {
		return nil
	}
	return b[:0]
}

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
