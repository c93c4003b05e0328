package simulation

import (
	"slices"

	"github.com/jobpipe/jobpipe/engine/schedule"
)

// latest is the last connection of the worker.
func (w *worker) latest() *worker {
	for w.next != nil {
		w = w.next
	}
	return w
}

// begun notes that a job is begun. Each attempt is, once at most, however often
// connections are cut, unless the worker has told lies about it.
func (w *worker) begun(t task) {
	j := &w.all[t.seq]
	if w.stale || w.journal != nil && !w.leased(j) {
		return // of a life before, and it has not been told so, or needs no telling
	}
	if w.wicked == 0 && slices.Contains(j.runs, t.attempt) {
		violated("attempt %d at job %d is run twice", t.attempt, t.seq)
	}
	j.runs = append(j.runs, t.attempt)
}

// leased tells whether the worker has a job from the coordinator that there is now.
func (w *worker) leased(j *job) bool {
	for ; w != nil; w = w.was {
		if j.holder == w.peer || j.twin == w.peer {
			return true
		}
	}
	return false
}

// unbegun is for jobs that go back because another of their process was ended.
func (w *worker) unbegun(t task) {
	if w.stale {
		return
	}
	j := &w.all[t.seq]
	j.runs = slices.DeleteFunc(j.runs, func(attempt int) bool { return attempt == t.attempt })
}

// sever cuts the connection: what is on its way is lost. The worker goes on. It
// connects again, before or after the coordinator notices.
func (w *worker) sever() {
	w = w.latest()
	if w.dead || w.cut {
		return
	}
	w.cut = true
	w.after(w.random(deadAfter), func() { w.lost(w) })
	w.after(w.random(pick(w.rnd, w.delay, deadAfter, 2*w.grace)), w.connect)
}

// connect makes a new connection of a worker that was cut off.
func (w *worker) connect() {
	if w.dead {
		return
	}
	n := *w
	n.peer = &peer{id: schedule.WorkerID(len(w.workers) + 1)}
	n.peer.origin = n.peer.id
	n.cut, n.waiting, n.out, n.parts, n.used = false, true, nil, nil, 0
	n.credit, n.aside, n.first, n.extra, n.preferred = w.window, 0, 0, 0, 0
	n.upAt, n.downAt = 0, 0
	if n.was == nil {
		n.was = w
	}
	w.next = &n
	w.workers = append(w.workers, &n)
	n.up(func() { n.hello(&n) })
}

// hello handles a new connection of a worker that has been there before.
func (r *run) hello(n *worker) {
	old := n.was
	if old.open && !old.away {
		r.lost(old)
	}
	if !old.open {
		n.was = nil
		n.down(n.forgetAll)
		r.welcome(n)
		return
	}
	n.down(func() {
		n.stale = false // what it has of a life before counts from here on: jobs are the same
		held := n.holding()
		n.up(func() {
			if n.was != nil { // and the grace is not over
				r.back(n, held)
			}
		})
	})
}

// welcome takes on a worker that is not waited for.
func (r *run) welcome(n *worker) {
	n.peer.slots = n.slots
	r.sched.Join(r.now, n.id, n.slots)
	r.model.join(n.peer)
	r.handled()
}

// forgetAll ends all that the worker has: nobody waits for it.
func (w *worker) forgetAll() {
	for _, now := range w.running {
		now.ended = true
	}
	w.queue, w.running, w.kept, w.out, w.busy, w.waiting, w.stale = nil, nil, nil, nil, 0, false, false
	if w.leaving {
		w.up(func() { w.slotsOf(w, 0) })
	}
	w.flush()
}

// holding is what the worker still has.
func (w *worker) holding() (held []schedule.Held) {
	tasks := slices.Clone(w.queue)
	for _, now := range w.running {
		tasks = append(tasks, now.tasks...)
	}
	for _, f := range w.kept {
		tasks = append(tasks, f.tasks...)
	}
	slices.SortFunc(tasks, func(a, b task) int { return int(a.seq) - int(b.seq) })
	for _, t := range slices.Compact(tasks) {
		if n := len(held); n > 0 && held[n-1].Seq+uint64(held[n-1].Count) == t.seq && held[n-1].Attempt == t.attempt {
			held[n-1].Count++
		} else {
			held = append(held, schedule.Held{Seq: t.seq, Count: 1, Attempt: t.attempt})
		}
	}
	return held
}

// lost handles the end of a connection that may have been cut.
func (r *run) lost(w *worker) {
	if !w.open || w.away {
		return
	}
	if r.grace == 0 || w.held == len(w.void) { // what is late is not worth waiting for
		r.left(w)
		return
	}
	w.cut = true
	for _, p := range w.parts {
		r.stage.Drop(p.hold)
	}
	w.parts = nil
	w.peer.away, w.peer.slots, r.changed = true, 0, r.turns
	r.sched.Away(w.id)
	r.after(r.grace, func() { r.graceOver(w) })
	r.handled()
}

// graceOver gives up waiting for a worker.
func (r *run) graceOver(w *worker) {
	if !w.open || !w.away {
		return
	}
	for n := w.next; n != nil; n = n.next {
		if n.was == w {
			n.was = nil
			if !n.cut { // the one that has not said yet what it has
				n.cut = true
				r.after(r.random(deadAfter), n.connect)
			}
		}
	}
	r.left(w)
}

// back puts a worker that has said what it has in its place again, and checks
// that the scheduler sees what that means.
func (r *run) back(n *worker, held []schedule.Held) {
	old := n.was
	n.was = nil
	has := func(seq uint64) bool {
		attempt := r.attemptOn(old.peer, seq)
		return slices.ContainsFunc(held, func(h schedule.Held) bool {
			return seq-h.Seq < uint64(h.Count) && h.Attempt == attempt
		})
	}
	var missing []uint64
	kept := map[uint64]bool{}
	gone := 0
	for seq := uint64(1); seq <= r.read; seq++ {
		j := &r.all[seq]
		late := r.late(old.peer, seq)
		if !late && j.holder != old.peer && j.twin != old.peer {
			continue
		}
		if kept[seq] = has(seq); !kept[seq] {
			missing = append(missing, seq)
			if !late {
				gone++
			}
		} else if late {
			r.losers = append(r.losers, loser{n.peer, seq})
		}
		switch {
		case late:
		case j.holder == old.peer:
			j.holder = n.peer
		default:
			j.twin = n.peer
		}
	}
	id := n.peer.id
	*n.peer = *old.peer
	n.peer.id, n.peer.slots, n.peer.away = id, n.slots, false
	n.revoking, n.stuck, n.rtt, n.acc = false, false, 0, 0
	n.since, n.peer.moved, n.spared = r.now, r.now, r.now
	old.peer.open = false
	r.peers[slices.Index(r.peers, old.peer)] = n.peer
	r.changed = r.turns

	lacks, needless := r.sched.Return(r.now, old.id, n.id, n.slots, held)
	for _, h := range lacks {
		gone -= h.Count
		for seq := h.Seq; seq < h.Seq+uint64(h.Count); seq++ {
			if !slices.Contains(missing, seq) {
				violated("worker %d is believed to be without job %d", n.id, seq)
			}
		}
	}
	if gone != 0 {
		violated("worker %d is back, and %d jobs that it lacks are not missed", n.id, gone)
	}
	for _, h := range needless {
		r.ack(n, h.Seq, h.Count)
		for seq := h.Seq; seq < h.Seq+uint64(h.Count); seq++ {
			if kept[seq] {
				violated("worker %d has job %d, and is told that it is not needed", n.id, seq)
			}
			delete(kept, seq)
		}
	}
	for _, h := range held {
		for seq := h.Seq; seq < h.Seq+uint64(h.Count); seq++ {
			told := slices.ContainsFunc(needless, func(o schedule.Held) bool { return seq-o.Seq < uint64(o.Count) })
			if told == kept[seq] {
				violated("worker %d has job %d: needed %v, told that it is not %v", n.id, seq, kept[seq], told)
			}
		}
	}
	for _, seq := range missing {
		r.comesBack(n.peer, seq)
	}
	if n.peer.held == 0 {
		n.peer.idle = r.now
	}
	if n.leaving {
		n.up(func() { r.slotsOf(n, 0) })
	}
	n.down(func() {
		n.waiting, n.out = false, nil
		for _, f := range n.kept {
			n.offer(f)
		}
		n.start()
		n.flush()
	})
	r.handled()
}

// ack tells a worker that results are safe.
func (r *run) ack(w *worker, seq uint64, count int) {
	w.down(func() {
		for i := range w.kept {
			f := &w.kept[i]
			f.tasks = slices.DeleteFunc(slices.Clone(f.tasks), func(t task) bool { return t.seq-seq < uint64(count) })
		}
		w.kept = slices.DeleteFunc(w.kept, func(f finished) bool { return len(f.tasks) == 0 })
		w.flush()
	})
}
