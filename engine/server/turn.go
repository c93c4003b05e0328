package server

import (
	"cmp"
	"fmt"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/split"
)

// turn takes what has come and does what is due.
func (s *Server) turn() {
	if s.phase == ended {
		return
	}
	s.collect()
	s.submit()
	ticked := s.ticked.Swap(false)
	s.acknowledge(ticked || s.phase != running)
	if s.phase == running {
		s.prefer(ticked)
		s.intake()
		now := s.now()
		s.acts = s.sched.Dispatch(now, s.acts[:0])
		if ticked {
			s.look(now)
			s.acts = s.sched.Tick(now, s.acts)
		}
		for i := range s.acts {
			s.perform(&s.acts[i])
		}
		s.setAlarm()
		s.submit()
	}
	s.flush()
	s.end()
	s.brake()
	s.Writer.Hush(s.unhurried())
}

// unhurried reports whether the next turn, which comes with the clock if nothing
// else happens, is soon enough to hear of results that are written: nothing waits
// for their memory, they are less than what any worker may owe before it is told,
// and nobody wants to know when it was.
func (s *Server) unhurried() bool {
	return !s.eof && s.phase == running && s.Stage.Memory() <= leastWindow/4 && !s.Stage.Behind() && s.Trace == nil
}

// collect takes back what the writer has carried out.
func (s *Server) collect() {
	s.ops = s.Writer.Completed(s.ops[:0])
	s.carried = s.carried || len(s.ops) > 0
	for i := range s.ops {
		s.Stage.Done(s.ops[i])
	}
	clear(s.ops)
}

// submit passes on what there is to write.
func (s *Server) submit() {
	s.ops = s.Stage.Ops(s.ops[:0])
	s.Writer.Submit(s.ops)
	clear(s.ops)
}

// acknowledge notes which results are safe, and tells the workers where that
// cannot wait for the next jobs: a frame for each small result would wake a
// worker for nothing.
func (s *Server) acknowledge(now bool) {
	s.receipts = s.Stage.Receipts(s.receipts[:0])
	for _, r := range s.receipts {
		s.traceWritten(r.Seq, r.Count)
		if p := s.peers[schedule.WorkerID(r.Worker)]; p != nil {
			s.owe(p, r)
		}
	}
	for _, p := range s.pressing {
		p.pressing = false
		s.payAcks(p)
	}
	clear(s.pressing)
	s.pressing = s.pressing[:0]
	if !now {
		return // to look at everyone for each frame would be too much
	}
	for _, p := range s.owing {
		p.owing = false
		s.payAcks(p)
	}
	clear(s.owing)
	s.owing = s.owing[:0]
}

// owe notes what a worker is to be told with the next Ack.
func (s *Server) owe(p *peer, r order.Receipt) {
	p.used -= r.Bytes
	p.owed += r.Bytes
	s.laneCredit(p)
	if r.Count > 0 {
		p.acks = append(p.acks, codec.Span{Seq: r.Seq, Count: uint64(r.Count)})
	}
	if !p.owing {
		p.owing = true
		s.owing = append(s.owing, p)
	}
	if !p.pressing && (p.owed > p.window/4 || len(p.acks) > codec.ManySpans/2) {
		p.pressing = true
		s.pressing = append(s.pressing, p)
	}
}

// payAcks makes Ack frames of what is owed to p, if there is anything.
func (s *Server) payAcks(p *peer) {
	s.resize(p)
	acks := p.acks
	if p.owed == 0 && len(acks) == 0 {
		return
	}
	for more := true; more; more = len(acks) > 0 {
		n := min(len(acks), codec.ManySpans)
		s.head = codec.AppendAck(s.head[:0], codec.Ack{Credit: uint64(p.owed), Spans: acks[:n]})
		s.put(p, codec.TypeAck, s.head)
		p.owed = 0
		acks = acks[n:]
	}
	p.acks = p.acks[:0]
	if cap(p.acks) > codec.ManySpans {
		p.acks = nil // 10,000 workers may each have had a busy time
	}
}

// maxBacklog bounds the records of failed jobs that wait to be written.
const maxBacklog = 4 << 20

// full reports that what is to be written has no room for more.
func (s *Server) full() bool { return s.Stage.Full() || s.Writer.Backlog() >= maxBacklog }

// intake moves jobs from the splitter to the scheduler while there is use for
// them and room for their results.
func (s *Server) intake() {
	if !s.spills() {
		return
	}
	for !s.eof && s.sched.Wants() && !s.full() {
		select {
		case it, ok := <-s.Items:
			if !ok {
				s.eof = true
				s.sched.EndOfInput()
				s.Counts.Ended.Store(true)
				s.Log.Info("input ended", "jobs", s.Counts.Read.Load())
				return
			}
			s.Counts.Read.Add(int64(it.Range.Count))
			s.read += int64(len(it.Range.Data)) + it.TooLong
			if it.Past != split.New {
				s.past(it)
				continue
			}
			s.traceRead(it.Range.Seq, it.Range.Count)
			if it.TooLong > 0 {
				s.tooLong(it)
			} else {
				s.sched.Add(it.Range)
			}
		default:
			if s.sched.Hungry() && s.Pool.Exhausted() {
				s.sched.Compact()
			}
			return
		}
	}
}

// spills reports whether the temporary file, if there is one, takes more. Until
// it does, jobs that nobody has yet wait: each may have a result that finds no
// room.
func (s *Server) spills() bool {
	err := s.Writer.SpillErr()
	if now := s.now(); err != nil && (s.lamented == 0 || now-s.lamented >= nextWord) {
		s.lamented = now
		s.Log.Warn("temporary file full", fmt.Sprintf("%v; no more jobs are begun until there is room, and none is lost", err), "why", err)
	}
	s.sched.Pause(err != nil)
	return err == nil
}

// past takes note of jobs that an earlier run has settled. It has named those
// that failed, but their records belong with this run's.
func (s *Server) past(it split.Item) {
	n := int64(it.Range.Count)
	s.Counts.Done.Add(n)
	s.pastDone += n
	if it.Past == split.Failed {
		s.Counts.Failed.Add(n)
		s.pastFailed += n
		s.Writer.Failed(it.Range.Data)
		it.Range.Block.Release(it.Range.Count)
	}
	s.Stage.Skip(it.Range.Seq, it.Range.Count)
}

// tooLong settles a job whose record was not kept.
func (s *Server) tooLong(it split.Item) {
	s.tellUnrun(it.Range, 0, "longer than --max-job", fmt.Sprintf("its record of %d bytes is longer than --max-job allows (%d); it is not in --failed", it.TooLong, s.MaxJob))
}

// A failure is that of a job that has failed for good.
type failure struct {
	seq    uint64
	why    string
	kind   string // why, as of all jobs that failed in the same way; empty: as why says
	record []byte
	on     *peer  // the worker; nil: none
	tries  uint64 // attempts
	stderr []byte // at least the end of it
}

// failed names a job that has failed for good, and keeps its record.
func (s *Server) failed(f failure) {
	s.Counts.Failed.Add(1)
	if s.Journal != nil {
		s.Journal.Failed(f.seq)
	}
	s.Writer.Failed(f.record)
	attrs, worker := []any{s.noun(), f.seq, "why", f.why}, ""
	if f.on != nil {
		attrs, worker = f.on.attrs(append(attrs, "attempt", f.tries)...), f.on.name()
	}
	s.Stage.Stderr(s.Log.Failed(fmt.Sprintf("%s %d failed: %s", s.noun(), f.seq, f.why), attrs...))
	if s.watched != nil {
		s.watched.causes.Add(cmp.Or(f.kind, f.why))
	}
	s.failures.Add(live.Failure{
		Seq: f.seq, Text: live.Beginning(f.record, s.Schedule.Delim), Worker: worker,
		Cause: f.why, Stderr: live.Tail(f.stderr), At: s.now(),
	})
}

// noun is what a record is called in messages.
func (s *Server) noun() string {
	if s.Schedule.Delim == '\n' {
		return "line"
	}
	return "record"
}

// perform carries out an action of the scheduler.
func (s *Server) perform(a *schedule.Action) {
	if a.Kind == schedule.GiveUp {
		s.giveUp(a)
		return
	}
	p := s.peers[a.Worker]
	if p == nil {
		return // lost in this turn: the scheduler knows
	}
	switch a.Kind {
	case schedule.Revoke:
		s.head = codec.AppendRevoke(s.head[:0], codec.Revoke{Count: uint64(a.Range.Count)})
		s.put(p, codec.TypeRevoke, s.head)
		p.asked += a.Range.Count
		return
	case schedule.Cancel:
		s.cancel(p, a)
		return
	}
	if a.Copy {
		s.Log.Info("copy started", p.attrs(s.noun(), a.Range.Seq, "attempt", a.Attempt)...)
	}
	s.laneSent(p, a.Range.Count)
	s.traceSent(p, a)
	s.send(p, a)
	s.writeMuch(p)
}

// giveUp settles jobs under which too many workers vanished.
func (s *Server) giveUp(a *schedule.Action) {
	r := a.Range
	for r.Count > 0 {
		one := r.Split(s.Schedule.Delim, 1)
		why := fmt.Sprintf("%d workers vanished while they had it, so it is not given to another (--max-lost)", s.Schedule.MaxLost)
		if s.Schedule.MaxLost == 1 {
			why = "its worker vanished, and it is not given to another (--max-lost)"
		}
		s.tellUnrun(one, a.Attempt, "workers vanished (--max-lost)", why)
	}
}
