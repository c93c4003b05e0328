package simulation

import "slices"

// prefer asks for a result before all others, as server.prefer does.
func (r *run) prefer() {
	if !r.stage.Stuck() {
		return
	}
	seq := r.stage.Await(r.sched.First())
	for _, w := range r.workers {
		if _, has := r.sched.Since(w.id, seq); !has || !w.open || w.away || w.preferred == seq {
			continue
		}
		credit := r.window
		w.preferred = seq
		w.extra += credit
		w.down(func() {
			w.credit += credit
			if w.owes(seq) {
				w.first, w.aside = seq, credit
			}
			w.flush()
		})
	}
}

// unprefer notes that the worker has none of these jobs any more, or nothing to
// send of them.
func (w *worker) unprefer(seq uint64, count int) {
	if w.preferred-seq < uint64(count) {
		w.preferred = 0
	}
}

// owes reports whether the worker has anything to send of a job, or will have.
func (w *worker) owes(seq uint64) bool {
	is := func(t task) bool { return t.seq == seq }
	return slices.ContainsFunc(w.queue, is) ||
		slices.ContainsFunc(w.running, func(r *running) bool { return slices.ContainsFunc(r.tasks, is) }) ||
		slices.ContainsFunc(w.out, func(m message) bool { return m.seq == seq || seq-m.seq < uint64(m.ends) })
}

// forgo puts nothing by any more for a job that it has no more.
func (w *worker) forgo(seq uint64, count int) {
	if w.first-seq < uint64(count) {
		w.first, w.aside = 0, 0
	}
}
