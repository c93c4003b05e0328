package simulation

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// A run is one simulated run of the coordinator: what the server does around
// the scheduler and the order stage, with every step checked by the model.
type run struct {
	model
	remains
	life
	rnd    *rand.Rand
	log    func(format string, args ...any)
	sched  *schedule.Scheduler
	stage  *order.Stage
	writer writer

	pool    *batch.Pool
	block   *batch.Block // being filled with jobs
	filled  int
	arrived uint64 // jobs that stdin has given so far
	ended   bool   // the scheduler knows the end of the input
	rested  bool   // all that is held is to be written

	workers  []*worker     // by id, from 1; with those that left
	due      bool          // a turn is due
	awaited  time.Duration // for the rate
	acts     []schedule.Action
	receipts []order.Receipt
}

// A part is a result of which not all has come.
type part struct {
	task
	hold *order.Hold
}

// random is a time between 0 and most.
func (r *run) random(most time.Duration) time.Duration {
	return time.Duration(r.rnd.Int64N(int64(most) + 1))
}

// handled ends the handling of an event: a turn follows, at once or after
// others have been handled too.
func (r *run) handled() {
	switch {
	case r.rnd.Float64() >= r.lazy:
		r.turn()
	case !r.due:
		r.due = true
		r.after(50*time.Microsecond, func() {
			if r.due {
				r.turn()
			}
		})
	}
}

// turn takes what has come and does what is due, as server.turn does.
func (r *run) turn() {
	r.due = false
	for _, op := range r.writer.completed() {
		r.stage.Done(op)
	}
	r.intake()
	r.dispatch()
	r.write()
	r.outputIsRight()
	r.receipts = r.stage.Receipts(r.receipts[:0])
	r.take(r.receipts)
	r.prefer()
}

// dispatch carries out what the scheduler wants done.
func (r *run) dispatch() {
	r.doneIsRight()
	r.acts = r.sched.Dispatch(r.now, r.acts[:0])
	r.promised = 0
	r.scrub()
	for _, a := range r.acts {
		r.perform(a, false)
	}
	r.dispatched(r.sched.Waiting(), r.sched.Leased())
	r.awaitRate()
	r.doneIsRight()
}

func (r *run) doneIsRight() {
	if got, want := r.sched.Done(), r.done(r.ended); got != want {
		violated("done is %v, though %d jobs wait, %d are leased and %d are to be given up", got, r.waiting(), r.leased, len(r.dooms))
	}
}

// perform carries out one action. Some come from the scheduler's tick.
func (r *run) perform(a schedule.Action, ticking bool) {
	if r.log != nil {
		r.log("%v: %s worker %d: jobs %d+%d attempt %d", r.now, [...]string{"send", "revoke", "give up", "cancel"}[a.Kind],
			a.Worker, a.Range.Seq, a.Range.Count, a.Attempt)
	}
	if a.Kind == schedule.GiveUp {
		r.behind = r.stage.Behind()
		r.giveUp(a.Range, a.Attempt)
		for seq := a.Range.Seq; seq < a.Range.End(); seq++ {
			r.failedForGood(seq)
		}
		r.stage.Emit(order.Receipt{Seq: a.Range.Seq, Count: a.Range.Count}, nil)
		return
	}
	if a.Worker < 1 || int(a.Worker) > len(r.workers) {
		violated("an action is for worker %d, of which nobody has heard", a.Worker)
	}
	w := r.workers[a.Worker-1]
	switch a.Kind {
	case schedule.Send:
		if ticking {
			r.startTwice(w.peer, a.Range, a.Attempt)
		} else {
			r.send(w.peer, a.Range, a.Attempt)
		}
		seq, count, attempt := a.Range.Seq, a.Range.Count, a.Attempt
		w.down(func() { w.jobs(seq, count, attempt) })
	case schedule.Revoke:
		r.revoke(w.peer, a.Range.Count, ticking)
		w.down(func() { w.revoke(a.Range.Count) })
	case schedule.Cancel:
		r.cancel(w.peer, a.Range)
		w.parts = r.without(w.parts, a.Range.Seq)
		w.down(func() { w.cancel(a.Range.Seq) })
	}
}

// scrub overwrites the block that was freed last, so that nobody can go on
// using its bytes unnoticed.
func (r *run) scrub() {
	if !r.pool.Exhausted() {
		b := r.pool.Get()
		clear(b.Buf[:blockUse])
		b.Release(1)
	}
}

// blockUse is how much of a block a run fills: little, so that there are many.
const blockUse = 600

// intake moves jobs from the input to the scheduler, as server.intake does.
func (r *run) intake() {
	r.paused = r.writer.kept > 0
	r.sched.Pause(r.paused)
	if r.paused {
		return
	}
	if !r.recognised() {
		return
	}
	for r.read < r.arrived && r.wants() && !r.stage.Full() {
		next, ok := r.cut()
		if !ok {
			return
		}
		r.sort(next)
	}
	if r.read == uint64(r.jobs) && !r.ended {
		r.ended = true
		r.sched.EndOfInput()
		if r.block != nil {
			r.block.Release(1)
			r.block = nil
		}
	}
}

// wants asks the scheduler whether it wants more jobs.
func (r *run) wants() bool {
	got := r.sched.Wants()
	if want := r.unsent < maxFresh && !r.stopped; got != want {
		violated("more jobs are wanted: %v, though %d bytes of them wait", got, r.unsent)
	}
	return got
}

// cut takes jobs off the input, as the splitter does; there must be some. It
// reports false when there is no memory for them.
func (r *run) cut() (batch.Range, bool) {
	from := r.read + 1
	if r.huge {
		return batch.Range{Seq: from, Count: 1, Data: hugeRecord}, true
	}
	for {
		if r.block == nil {
			if r.pool.Exhausted() {
				r.compact()
				return batch.Range{}, false
			}
			r.block, r.filled = r.pool.Get(), 0
		}
		to, most := from, min(r.arrived+1, from+1+uint64(r.rnd.IntN(60)))
		for to < most && r.filled+r.ends[to]-r.ends[from-1] <= blockUse {
			to++
		}
		if to > from {
			data := r.block.Buf[r.filled:][:r.ends[to-1]-r.ends[from-1]]
			copy(data, r.record(from, to))
			r.filled += len(data)
			r.block.Add(int(to - from))
			return batch.Range{Seq: from, Count: int(to - from), Data: data, Block: r.block}, true
		}
		r.block.Release(1)
		r.block = nil
	}
}

// compact makes room in the blocks of the input when workers have nothing to
// do: only jobs that were never handed out may keep one.
func (r *run) compact() {
	if !r.sched.Hungry() {
		return
	}
	r.sched.Compact()
	if r.pool.Exhausted() && r.fresh == 0 && r.promised == 0 && len(r.dooms) == 0 {
		violated("%d jobs wait and %d are leased, none is fresh, and they keep all blocks", r.waiting(), r.leased)
	}
}

// halt drops what waits. The server may have a range in hand that it passes on
// afterwards.
func (r *run) halt() {
	inHand, ok := batch.Range{}, false
	if r.read < r.arrived && r.rnd.IntN(2) == 0 && r.recognised() {
		inHand, ok = r.cut()
	}
	r.sched.Stop()
	r.stop()
	if ok {
		r.sort(inHand)
	}
	r.handled()
}

// settle is the model's, for a result that is emitted next.
func (r *run) settle(seq uint64, out []byte) {
	r.behind = r.stage.Behind()
	r.model.settle(seq, out)
}

// rest has what is held written when nothing more will come.
func (r *run) rest() {
	if r.stopped && !r.rested && r.sched.Done() {
		r.rested = true
		if r.journal != nil {
			r.stage.Forget()
		} else {
			r.printRest()
			r.stage.Rest()
		}
		r.handled()
	}
}

// take passes on credit and acknowledgements.
func (r *run) take(receipts []order.Receipt) {
	for _, rc := range receipts {
		for seq := rc.Seq; seq < rc.Seq+uint64(rc.Count); seq++ {
			j := &r.all[seq]
			if j.acks++; j.acks > 1 || j.state != settled {
				violated("job %d is acknowledged %d times in state %d", seq, j.acks, j.state)
			}
			if len(r.writer.stdout) < j.due {
				violated("job %d is acknowledged before it is written", seq)
			}
		}
		if rc.Worker > 0 {
			w := r.workers[rc.Worker-1]
			r.giveCredit(w, rc.Bytes)
			r.ack(w, rc.Seq, rc.Count)
		}
	}
}

func (r *run) giveCredit(w *worker, bytes int) {
	if w.used -= bytes; w.used < 0 {
		violated("worker %d gets %d bytes of credit too much", w.id, -w.used)
	}
	if w.preferred == 0 {
		back := min(w.extra, bytes)
		w.extra -= back
		bytes -= back
	}
	if bytes > 0 && w.open {
		w.down(func() {
			w.credit += bytes
			w.flush()
		})
	}
}

// believed says whether the scheduler's opinion of what a worker holds is
// right, and that it changed nothing if the worker was wrong.
func (r *run) believed(w *worker, got, want bool, waiting, leased int) bool {
	if got != want {
		violated("at %v: worker %d is believed: %v, the truth is %v", r.now, w.id, got, want)
	}
	if !got && (r.sched.Waiting() != waiting || r.sched.Leased() != leased) {
		violated("worker %d was wrong and yet something changed", w.id)
	}
	return got
}

// answers handles the answers of line mode.
func (r *run) answers(w *worker, seq uint64, count int, data []byte) {
	w.used += len(data)
	w.unprefer(seq, count)
	for count > 0 {
		n, late := r.answered(w, seq, count)
		if n == 0 {
			r.giveCredit(w, len(data))
			r.punish(w)
			break
		}
		size := 0
		for i := range uint64(n) {
			w.parts = r.without(w.parts, seq+i) // an honest worker has sent none
			end := slices.Index(data[size:], r.Delim) + 1
			if !late {
				r.settle(seq+i, data[size:size+end])
			}
			size += end
		}
		if late {
			r.giveCredit(w, size)
			r.ack(w, seq, n)
		} else {
			r.stage.Emit(order.Receipt{Worker: uint64(w.id), Seq: seq, Count: n, Bytes: size}, data[:size])
		}
		seq, count, data = seq+uint64(n), count-n, data[size:]
	}
	r.handled()
}

// answered asks the scheduler how many of these jobs w may answer.
func (r *run) answered(w *worker, seq uint64, count int) (n int, late bool) {
	waiting, leased := r.sched.Waiting(), r.sched.Leased()
	want := r.holds(w.peer, seq, count)
	n, late = r.sched.Answer(r.now, w.id, seq, count)
	if !r.believed(w, n > 0, want, waiting, leased) {
		return 0, false
	}
	if most, wasLate := r.alike(w.peer, seq, count); n != most || late != wasLate {
		violated("of %d answers from %d on, %d are taken and late is %v; want %d and %v", count, seq, n, late, most, wasLate)
	}
	for at := seq; at < seq+uint64(n); at++ {
		r.finished(w.peer, at, late)
	}
	r.model.answered(w.peer, n)
	return n, late
}

// part handles a part of a result.
func (r *run) part(w *worker, t task, data []byte) {
	if !w.open {
		return
	}
	w.used += len(data)
	if !r.hasLeased(w.peer, t) || r.late(w.peer, t.seq) {
		r.giveCredit(w, len(data))
		r.handled()
		return
	}
	r.stage.Append(w.half(t).hold, uint64(w.id), data)
	r.handled()
}

// half is the part of the result of t that has come.
func (w *worker) half(t task) *part {
	for _, p := range w.parts {
		if p.task == t {
			return p
		}
	}
	p := &part{t, w.stage.NewHold(t.seq)}
	w.parts = append(w.parts, p)
	return p
}

// finish handles a result, or its last part.
func (r *run) finish(w *worker, t task, ok bool, data []byte) {
	w.used += len(data)
	w.unprefer(t.seq, 1)
	held, final := false, false
	if r.holds(w.peer, t.seq, 1) && !r.hasLeased(w.peer, t) {
		r.forget(w, t, data) // it has the job as another attempt, of which the parts were not kept
		r.handled()
		return
	}
	if ok {
		n, late := r.answered(w, t.seq, 1)
		held, final = n > 0, !late
	} else {
		held, final = r.failed(w, t)
	}
	if !held {
		r.forget(w, t, data)
		r.punish(w)
		r.handled()
		return
	}
	if !final {
		r.forget(w, t, data)
		r.ack(w, t.seq, 1)
		r.handled()
		return
	}
	if !ok {
		r.failedForGood(t.seq)
	}
	r.settle(t.seq, r.output(t.seq, ok))
	rc := order.Receipt{Worker: uint64(w.id), Seq: t.seq, Count: 1, Bytes: len(data)}
	at := slices.IndexFunc(w.parts, func(p *part) bool { return p.task == t })
	if at < 0 {
		r.stage.Emit(rc, data)
	} else {
		h := w.parts[at].hold
		w.parts = slices.Delete(w.parts, at, at+1)
		rc.Bytes = 0
		r.stage.Append(h, rc.Worker, data)
		r.stage.EmitHold(rc, h)
	}
	r.handled()
}

// failed asks the scheduler what becomes of a failed attempt: whether the
// worker held it, and whether that settles the job.
func (r *run) failed(w *worker, t task) (held, final bool) {
	waiting, leased := r.sched.Waiting(), r.sched.Leased()
	want := r.hasLeased(w.peer, t)
	late := want && r.late(w.peer, t.seq)
	if got, gotLate := r.sched.Holds(w.id, t.seq, t.attempt); got != want || gotLate != late {
		violated("worker %d holds job %d as attempt %d: %v, late %v, the truth is %v, %v", w.id, t.seq, t.attempt, got, gotLate, want, late)
	}
	v := r.sched.Failed(r.now, w.id, t.seq, t.attempt)
	if !r.believed(w, v.Held, want, waiting, leased) {
		return false, false
	}
	if v.Late != late {
		violated("worker %d failed job %d, which is settled: %v, late is %v", w.id, t.seq, late, v.Late)
	}
	return true, r.failure(w, t.seq, v)
}

// failure notes the end of an attempt that failed, and checks what is said to
// become of the job.
func (r *run) failure(w *worker, seq uint64, v schedule.Verdict) (final bool) {
	j := &r.all[seq]
	r.model.answered(w.peer, 1)
	if v.Late {
		r.finished(w.peer, seq, true)
		return false
	}
	if twin := j.twin != nil; v.Twin != twin {
		violated("job %d failed; that another copy runs is said to be %v, it is %v", seq, v.Twin, twin)
	}
	if v.Twin {
		r.release(w.peer, seq)
		j.avoid = append(j.avoid, w.origin)
		return false
	}
	if last := j.failed >= r.Retries || r.stopped; v.Final != last {
		violated("job %d failed %d times before: final is %v", seq, j.failed, v.Final)
	}
	if v.Final {
		r.promised++
	}
	if v.Final && string(v.Record.Data) != string(r.record(seq, seq+1)) {
		violated("the record of job %d is said to be %.60q", seq, v.Record.Data)
	}
	if v.Final {
		r.took(r.now - r.leasedTo(w.peer, seq))
	}
	r.release(w.peer, seq)
	if !v.Final {
		j.failed++
		j.nextAttempt()
		j.avoid = append(j.avoid, w.origin)
		r.requeue(seq)
	}
	return v.Final
}

// forget drops a result that is not wanted.
func (r *run) forget(w *worker, t task, data []byte) {
	r.giveCredit(w, len(data))
	w.parts = r.without(w.parts, t.seq)
}

// without drops the parts of one job's results.
func (r *run) without(parts []*part, seq uint64) []*part {
	return slices.DeleteFunc(parts, func(p *part) bool {
		if p.seq == seq {
			r.stage.Drop(p.hold)
			return true
		}
		return false
	})
}

// punish closes the connection of a worker that was wrong: at once, or, in
// a run that is not strict, after it had time to do more harm.
func (r *run) punish(w *worker) {
	if !w.open || w.dead {
		return
	}
	if r.strict {
		w.dead = true
		r.left(w)
		return
	}
	r.after(r.random(time.Second), w.vanish)
}

// left handles the end of a connection.
func (r *run) left(w *worker) {
	if !w.open {
		return
	}
	if r.log != nil {
		r.log("%v: worker %d is gone with %d jobs", r.now, w.id, w.held)
	}
	for _, p := range w.parts {
		r.stage.Drop(p.hold)
	}
	w.parts = nil
	held := 0
	for _, h := range r.sched.Held(w.id) {
		held += h.Count
	}
	if held != w.held-len(w.void) {
		violated("worker %d is believed to hold %d jobs, it holds %d", w.id, held, w.held-len(w.void))
	}
	r.sched.Leave(r.now, w.id)
	r.leave(w.peer)
	r.doneIsRight()
	r.replace()
	r.handled()
}

// returned handles jobs given back.
func (r *run) returned(w *worker, seq uint64, count int) {
	waiting, leased := r.sched.Waiting(), r.sched.Leased()
	want := r.holds(w.peer, seq, count)
	w.unprefer(seq, count)
	if r.believed(w, r.sched.GiveBack(r.now, w.id, seq, count), want, waiting, leased) {
		for n := seq; n < seq+uint64(count); n++ {
			w.parts = r.without(w.parts, n)
			r.comesBack(w.peer, n)
		}
	} else {
		r.punish(w)
	}
	r.handled()
}

func (r *run) gaveBack(w *worker) {
	w.revoking, w.spared = false, r.now+stuckAfter
	r.sched.GaveBack(r.now, w.id)
	r.handled()
}

func (r *run) slotsOf(w *worker, slots int) {
	if w.open {
		w.peer.slots, w.spared, r.changed = slots, r.now, r.turns
		r.sched.Slots(r.now, w.id, slots)
		r.handled()
	}
}

// tick is what the coordinator's clock does.
func (r *run) tick() {
	if r.now > r.peace && !r.cramped {
		r.writer.disk = 1 << 40 // somebody has made room
	}
	r.stage.Retry()
	r.turn()
	for _, a := range r.sched.Tick(r.now, r.acts[:0]) {
		r.perform(a, true)
	}
	r.ticked()
	r.after(100*time.Millisecond, r.tick)
}
