package simulation

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

// A worker is the far end of a connection: it runs jobs, and may do so badly.
// It reaches the coordinator by messages only, which take time and keep their
// order.
type worker struct {
	*run
	*peer
	lines   bool
	slots   int
	speed   float64 // how long a job takes here, as a factor
	broken  bool    // every job fails here
	wicked  float64 // how likely it does what it must not, each time it could
	delay   time.Duration
	jitter  time.Duration
	upAt    time.Duration // arrival of the last message to the coordinator
	downAt  time.Duration
	queue   []task
	running []*running
	kept    []finished // not acknowledged
	busy    int
	dead    bool
	cut     bool    // nothing arrives any more, in neither direction
	next    *worker // the connection after this one
	was     *worker // the one before, which is away and whose place it has not taken yet
	waiting bool    // to be told what is not needed any more
	stale   bool    // what it has is of a life before, and it has not been told so
	leaving bool
	credit  int // bytes of results it may send
	aside   int // of these, what is for job first alone
	first   uint64
	out     []message

	used      int     // the coordinator's account of its credit
	extra     int     // that it has beyond its window
	preferred uint64  // the job of which it was asked to send the result first
	parts     []*part // results of which the coordinator has a part
}

type task struct {
	seq     uint64
	attempt int
}

// running is a batch that occupies a slot.
type running struct {
	tasks []task
	ended bool // cancelled
}

// finished is what a worker has to say of jobs of one batch.
type finished struct {
	tasks []task
	lines bool
	ok    bool
}

// A message waits until there is credit for it.
type message struct {
	seq  uint64 // of the first job
	ends int    // jobs, of which there is no more to send then
	cost int
	do   func()
}

// up sends a message to the coordinator.
func (w *worker) up(do func()) {
	w.upAt = max(w.upAt, w.now+w.delay+w.random(w.jitter))
	w.at(w.upAt, func() {
		if !w.cut {
			do()
		}
	})
}

// down sends a message to the worker.
func (w *worker) down(do func()) {
	w.downAt = max(w.downAt, w.now+w.delay+w.random(w.jitter))
	w.at(w.downAt, func() {
		if !w.dead && !w.cut {
			do()
		}
	})
}

// post sends a message that carries cost bytes of results.
func (w *worker) post(m message) {
	w.out = append(w.out, m)
	w.flush()
}

func (w *worker) flush() {
	for !w.cut && !w.waiting && len(w.out) > 0 {
		at, credit := 0, w.credit-w.aside
		if first := slices.IndexFunc(w.out, func(m message) bool { return m.seq == w.first }); first >= 0 {
			at, credit = first, w.credit
		}
		m := w.out[at]
		if m.cost > credit {
			break
		}
		w.credit -= m.cost
		w.out = slices.Delete(w.out, at, at+1)
		if m.seq == w.first {
			w.aside = max(0, w.aside-m.cost)
		}
		w.forgo(m.seq, m.ends)
		w.up(m.do)
	}
	mute := w.cut || w.waiting
	if w.leaving && !mute && w.busy == 0 && len(w.out) == 0 && !w.dead && (len(w.kept) == 0 || w.wicked > 0) {
		w.dead = true
		w.up(func() { w.left(w) })
	}
}

// jobs takes in jobs from the coordinator.
func (w *worker) jobs(seq uint64, count, attempt int) {
	for n := range count {
		w.queue = append(w.queue, task{seq + uint64(n), attempt})
	}
	if w.leaving {
		w.giveBack(count)
		return
	}
	w.start()
}

// start runs what there are slots for.
func (w *worker) start() {
	for !w.dead && w.busy < w.slots && len(w.queue) > 0 {
		n := 1
		if w.lines {
			most := 1 + w.rnd.IntN(min(64, w.window/16))
			for n < min(most, len(w.queue)) && w.queue[n].seq == w.queue[n-1].seq+1 {
				n++
			}
		}
		batch := w.queue[:n:n]
		w.queue = w.queue[n:]
		w.busy++
		w.execute(batch)
	}
}

// execute runs a batch up to the first job that does not go well.
func (w *worker) execute(batch []task) {
	var took time.Duration
	good := 0
	for _, t := range batch {
		took += time.Duration(float64(w.all[t.seq].took) * w.speed)
		if w.all[t.seq].poison || w.ill(t) {
			break
		}
		good++
	}
	for _, t := range batch[:min(good+1, len(batch))] {
		w.begun(t)
	}
	now := &running{tasks: batch}
	w.running = append(w.running, now)
	began := w.run
	w.clock.after(took, func() { // whatever becomes of the coordinator
		w := w.latest()
		if w.dead || now.ended {
			return
		}
		w.busy--
		w.running = slices.DeleteFunc(w.running, func(r *running) bool { return r == now })
		w.report(batch[:good])
		if good < len(batch) {
			bad := batch[good]
			if w.all[bad.seq].poison {
				w.haunted = w.haunted || w.run != began
				w.vanish()
				return
			}
			w.fail(bad)
			w.returnTasks(batch[good+1:])
		}
		w.start()
		w.flush()
	})
}

// ill reports whether this attempt fails.
func (w *worker) ill(t task) bool { return w.broken || w.all[t.seq].failed < w.all[t.seq].fails }

// report sends the answers to what went well.
func (w *worker) report(done []task) {
	if w.wickedly() && len(done) > 0 {
		w.lie(done[0])
	}
	for len(done) > 0 {
		n := 1
		if w.lines {
			n = 1 + w.rnd.IntN(len(done))
		}
		some := done[:n]
		done = done[n:]
		w.say(finished{some, w.lines, true})
		if w.wickedly() {
			w.answer(some) // once more
		}
	}
}

func (w *worker) answer(some []task) {
	var data []byte
	for _, t := range some {
		data = append(strconv.AppendUint(data, t.seq, 10), ".line"...)
		data = append(data, w.Delim)
	}
	seq, count := some[0].seq, len(some)
	w.post(message{seq, count, len(data), func() { w.answers(w, seq, count, data) }})
}

func (w *worker) fail(t task) {
	if w.wickedly() {
		t := t
		t.attempt += 1 - 2*w.rnd.IntN(2)
		w.result(t, false)
	}
	w.say(finished{[]task{t}, false, false})
}

// say sends what has become of jobs, and keeps it until it is acknowledged.
func (w *worker) say(f finished) {
	w.kept = append(w.kept, f)
	w.offer(f)
}

func (w *worker) offer(f finished) {
	if f.lines {
		w.answer(f.tasks)
	} else {
		w.result(f.tasks[0], f.ok)
	}
}

// result sends what one job printed, in parts when it is much.
func (w *worker) result(t task, ok bool) {
	data := w.output(t.seq, ok)
	for range w.all[t.seq].parts {
		piece := append([]byte(nil), data[:len(data)/2]...)
		data = data[len(data)/2:]
		w.post(message{t.seq, 0, len(piece), func() { w.part(w, t, piece) }})
	}
	w.post(message{t.seq, 1, len(data), func() { w.finish(w, t, ok, data) }})
}

// output is what job seq prints.
func (r *run) output(seq uint64, ok bool) []byte {
	var b []byte
	word := "good"
	if !ok {
		word = "bad"
	} else if seq%7 == 0 {
		return nil
	}
	for n := range 1 + seq%3*(seq%5) {
		b = append(strconv.AppendUint(b, seq, 10), '.')
		b = append(b, word...)
		b = append(strconv.AppendUint(b, n, 10), r.Delim)
	}
	if r.fat {
		b = append(b, bytes.Repeat([]byte{byte(seq) | 1<<7}, 20_000)...)
		return append(b, r.Delim)
	}
	if r.cramped {
		b = append(b, bytes.Repeat([]byte{byte(seq) | 1<<7}, 400)...)
		b = append(b, r.Delim)
	}
	if seq%4 == 0 {
		b = b[:len(b)-1] // its last line is not ended
	}
	return b
}

// lie sends an answer to something the worker was not asked.
func (w *worker) lie(t task) {
	t.seq = max(1, t.seq+uint64(w.rnd.IntN(20))-10)
	if t.seq > uint64(len(w.all)) {
		t.seq = 1
	}
	w.answer([]task{t})
}

// cancel ends a job, and in line mode with it all that its process has. They go
// back, like those that have not started.
func (w *worker) cancel(seq uint64) {
	is := func(t task) bool { return t.seq == seq }
	if at := slices.IndexFunc(w.queue, is); at >= 0 {
		back := w.queue[at]
		w.queue = slices.Delete(slices.Clone(w.queue), at, at+1)
		w.returnTasks([]task{back})
	}
	for _, now := range w.running {
		if !now.ended && slices.ContainsFunc(now.tasks, is) {
			now.ended = true
			w.clock.after(w.random(time.Second)*time.Duration(w.rnd.IntN(2)), func() { w.ended(now) })
		}
	}
}

// ended takes note of the end of a process that had to be ended.
func (w *worker) ended(now *running) {
	w = w.latest()
	if w.dead || !slices.Contains(w.running, now) {
		return
	}
	for _, t := range now.tasks {
		w.unbegun(t)
	}
	w.busy--
	w.running = slices.DeleteFunc(w.running, func(r *running) bool { return r == now })
	w.returnTasks(now.tasks)
	w.start()
	w.flush()
}

// revoke gives back up to count jobs that have not started, the newest first.
func (w *worker) revoke(count int) {
	w.giveBack(count)
	w.up(func() { w.gaveBack(w) })
}

func (w *worker) giveBack(count int) {
	n := min(count, len(w.queue))
	back := slices.Clone(w.queue[len(w.queue)-n:])
	w.queue = w.queue[:len(w.queue)-n]
	w.returnTasks(back)
	if len(back) > 0 && w.wickedly() {
		w.answer(back[:1]) // though it gave it back
	}
}

// returnTasks sends jobs back that have not started, as ranges.
func (w *worker) returnTasks(back []task) {
	if w.stale {
		return // it has not been let in yet, and then has nothing to give back
	}
	for len(back) > 0 {
		n := 1
		for n < len(back) && back[n].seq == back[n-1].seq+1 {
			n++
		}
		seq := back[0].seq
		w.forgo(seq, n)
		w.up(func() { w.returned(w, seq, n) })
		back = back[n:]
	}
}

// setSlots says that the worker wants more or fewer jobs from now on.
func (w *worker) setSlots(n int) {
	w = w.latest()
	if !w.dead && !w.leaving {
		w.up(func() { w.slotsOf(w, n) })
	}
}

// leavePolitely takes leave: what has not started goes back, what runs is finished.
func (w *worker) leavePolitely() {
	w = w.latest()
	if w.dead || w.leaving {
		return
	}
	w.leaving = true
	w.up(func() { w.slotsOf(w, 0) })
	w.giveBack(len(w.queue))
	w.flush()
}

// vanish ends the worker without a word: the connection closes after all that
// is on its way, or before it, or is found dead after a while.
func (w *worker) vanish() {
	w = w.latest()
	if w.dead {
		return
	}
	w.dead = true
	if w.cut {
		return // it is cut off already
	}
	switch w.rnd.IntN(3) {
	case 0:
		w.up(func() { w.lost(w) })
	case 1:
		w.cut = true
		w.after(w.delay, func() { w.lost(w) })
	case 2:
		w.after(deadAfter, func() { w.lost(w) })
		if len(w.queue) > 0 { // and it comes to life again when it is too late
			t := w.queue[0]
			w.after(deadAfter+time.Second, func() {
				if !w.away {
					w.finish(w, t, true, nil)
				}
			})
		}
	}
}

// wickedly reports whether the worker is to do what it must not.
func (w *worker) wickedly() bool {
	return w.wicked > 0 && w.now < w.peace && w.rnd.Float64() < w.wicked
}
