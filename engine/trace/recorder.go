package trace

import (
	"io"
	"strconv"
	"time"
)

// mostWaiting bounds the stretches of jobs that wait to be sent; of older ones it
// is forgotten since when they wait.
const mostWaiting = 20_000

// A Recorder turns what happens in a run into events. Times are since the run
// began, and workers are known by the number of their connection, which is not 0.
// One goroutine owns it (in jobpipe: the event loop). What it keeps is what is
// sent and not answered.
type Recorder struct {
	out     io.Writer // takes whole events, and must not wait
	wall    int64     // when the run began, in microseconds since 1970
	workers map[uint64]*worker
	waiting []stretch // read or returned, and not sent; ascending
	buf     []byte
}

// Began is the metadata that tells when the run began, as RFC 3339 has it.
const Began = "the run began"

// The categories of events: the stages of a job, and what somebody who has watched
// the wire to a worker may add, each a Complete event of the worker.
const (
	Queued     = "queued"
	Sent       = "sent"
	Running    = "running"
	Answered   = "answered"
	Written    = "written"
	WireJob    = "job on the wire"
	WireResult = "result on the wire"
)

// NewRecorder returns a recorder of a run that began at that time.
func NewRecorder(out io.Writer, began time.Time) *Recorder {
	r := &Recorder{out: out, wall: began.UnixMicro(), workers: map[uint64]*worker{}}
	r.name(Began, 0, 0, began.Format(time.RFC3339Nano))
	r.name("process_name", 0, 0, "coordinator")
	r.name("thread_name", 0, 0, Written)
	r.flush()
	return r
}

// Join tells that a worker has connected.
func (r *Recorder) Join(id uint64, name string, slots int) {
	r.workers[id] = &worker{slots: max(slots, 1)}
	r.name("process_name", id, 0, name)
	r.flush()
}

// Leave tells that the connection is gone. What the worker had goes elsewhere.
func (r *Recorder) Leave(now time.Duration, id uint64) {
	w := r.workers[id]
	if w == nil {
		return
	}
	delete(r.workers, id)
	for _, s := range w.held {
		r.span(Sent, id, s.at, now.Microseconds(), s.args("lost"))
		r.wait(now, s.lo, s.hi)
	}
	r.flush()
}

// Read tells that jobs came in.
func (r *Recorder) Read(now time.Duration, seq uint64, count int) {
	r.wait(now, seq, seq+uint64(count))
}

func (r *Recorder) wait(now time.Duration, lo, hi uint64) {
	_, r.waiting = cut(r.waiting, lo, hi)
	if len(r.waiting) >= mostWaiting {
		r.waiting = append(r.waiting[:0], r.waiting[1:]...)
	}
	r.waiting = insert(r.waiting, stretch{lo: lo, hi: hi, at: now.Microseconds()})
}

// Sent tells that jobs were handed to a worker.
func (r *Recorder) Sent(now time.Duration, id, seq uint64, count, attempt int) {
	w := r.workers[id]
	if w == nil {
		return
	}
	us, hi := now.Microseconds(), seq+uint64(count)
	var waited []stretch
	waited, r.waiting = cut(r.waiting, seq, hi)
	for _, s := range waited {
		s.attempt = uint64(attempt)
		r.span(Queued, 0, s.at, us, s.args(""))
	}
	r.flush()
	_, w.held = cut(w.held, seq, hi)
	w.held = insert(w.held, stretch{seq, hi, uint64(attempt), us})
}

// Returned tells that a worker has given jobs back.
func (r *Recorder) Returned(now time.Duration, id, seq uint64, count int) {
	w := r.workers[id]
	if w == nil {
		return
	}
	var back []stretch
	back, w.held = cut(w.held, seq, seq+uint64(count))
	for _, s := range back {
		r.span(Sent, id, s.at, now.Microseconds(), s.args("given back"))
	}
	r.flush()
	r.wait(now, seq, seq+uint64(count))
}

// An Answer is what a worker says of jobs that it has run.
type Answer struct {
	Seq     uint64
	Count   int
	Start   uint64 // microseconds since 1970
	Took    uint64 // microseconds
	Outcome string
	Again   bool // they are to run again
}

// Answered tells that jobs were answered, or failed. Those that were handed out at
// different times have an event each: what is not known is when each of them ran, and
// so it is told to have taken its share.
func (r *Recorder) Answered(now time.Duration, id uint64, a Answer) {
	w := r.workers[id]
	if w == nil {
		return
	}
	hi := a.Seq + uint64(a.Count)
	var had []stretch
	had, w.held = cut(w.held, a.Seq, hi)
	if len(had) == 0 {
		return
	}
	heard := now.Microseconds()
	start, end := w.clock.Ran(&a, r.wall, had[0].at, heard)
	took, from := end-start, start
	for _, s := range had {
		from = max(from, s.at)
		to := max(from, start+took*int64(s.hi-a.Seq)/int64(a.Count))
		r.ran(id, w, &s, from, to, heard, a.Outcome)
		from = to
	}
	r.flush()
	if a.Again {
		r.wait(now, a.Seq, hi)
	}
}

// ran adds the events of jobs that ran, from when they were sent.
func (r *Recorder) ran(id uint64, w *worker, s *stretch, start, end, heard int64, outcome string) {
	args := s.args(outcome)
	rows := len(w.lanes)
	row, begun, end := w.lane(start, end)
	if row > rows {
		r.name("thread_name", id, row, "slot "+strconv.Itoa(row))
	}
	r.span(Sent, id, s.at, start, args)
	r.add(Event{Name: jobs(args), Category: Running, Phase: Complete, Time: begun, Took: end - begun, Process: id, Thread: row, Args: args})
	r.span(Answered, id, end, heard, args)
}

// Written tells that answers are safe: on stdout, or in memory or the temporary
// file until it is their turn.
func (r *Recorder) Written(now time.Duration, seq uint64, count int) {
	args := Args{Seq: seq, Count: uint64(count)}
	r.add(Event{Name: Written, Category: Written, Phase: Instant, Time: now.Microseconds(), Args: args})
	r.flush()
}

// End tells that the run is over. What was not answered ends here.
func (r *Recorder) End(now time.Duration) {
	for id, w := range r.workers {
		for _, s := range w.held {
			r.span(Sent, id, s.at, now.Microseconds(), s.args("not answered"))
		}
	}
	r.flush()
	clear(r.workers)
	r.waiting = nil
}

// jobs is what the jobs are called: their numbers.
func jobs(a Args) string {
	name := strconv.FormatUint(a.Seq, 10)
	if a.Count > 1 {
		name += " to " + strconv.FormatUint(a.Seq+a.Count-1, 10)
	}
	return name
}

func (r *Recorder) name(what string, process uint64, thread int, name string) {
	r.add(Event{Name: what, Phase: Metadata, Process: process, Thread: thread, Args: Args{Name: name}})
}

func (r *Recorder) span(stage string, process uint64, from, to int64, a Args) {
	id := ID{strconv.FormatUint(a.Seq, 10)}
	r.add(Event{Name: stage, Category: stage, Phase: Begin, Time: from, Process: process, ID: id, Args: a})
	r.add(Event{Name: stage, Category: stage, Phase: End, Time: to, Process: process, ID: id})
}

func (r *Recorder) add(e Event) { r.buf = Append(r.buf, &e) }

func (r *Recorder) flush() {
	if len(r.buf) > 0 {
		_, _ = r.out.Write(r.buf) // it tells the user itself
		r.buf = r.buf[:0]
	}
}
