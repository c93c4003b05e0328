package simulation

import "github.com/jobpipe/jobpipe/engine/order"

// print notes that the output of a job is to be on stdout: behind all that is
// there, or, in input order, as soon as all before it is.
func (m *model) print(seq uint64) {
	j := &m.all[seq]
	if !m.keep {
		m.printed += j.prints()
		j.due = m.printed
		return
	}
	for m.frontier < uint64(len(m.all)) && m.all[m.frontier].state == settled {
		m.printed += m.all[m.frontier].prints()
		if m.frontier == seq && !m.behind {
			j.due = m.printed // it is not held, so only written it is safe
		}
		m.frontier++
	}
}

// printRest is print for all that is held.
func (m *model) printRest() {
	for ; m.keep && m.frontier < uint64(len(m.all)); m.frontier++ {
		if j := &m.all[m.frontier]; j.state == settled {
			m.printed += j.prints()
		}
	}
}

// outputIsRight checks what the order stage says of itself after a turn.
func (r *run) outputIsRight() {
	w := &r.writer
	if w.broken {
		return // nothing is completed any more
	}
	queued, spills := int64(0), int64(0)
	for _, op := range w.queue {
		queued += int64(cap(op.Data))
		if op.Kind == order.Spill {
			spills += int64(cap(op.Data))
		}
	}
	behind := queued+w.kept > r.budget/2
	if full := r.stage.Full(); behind && !full || full && w.idle() && w.kept == 0 {
		violated("the writer has %d bytes to write and keeps %d, of a budget of %d, and full is %v", queued, w.kept, r.budget, full)
	}
	held := int(r.frontier) - 1
	if r.keep && !r.rested {
		held = r.settled - held
	} else {
		held = 0
	}
	if r.stage.Empty() && (held > 0 || len(w.stdout) != r.printed) {
		violated("nothing is said to be left to write, though %d jobs are held and %d of %d bytes are written", held, len(w.stdout), r.printed)
	}
	r.remembered(r.stage.Memory()-queued-w.kept, spills)
}

// remembered checks that what is held in memory is bounded: the budget, what
// workers have credit for, and a buffer or two. What the writer has been given
// to write to stdout is its own to hold.
func (r *run) remembered(held, spills int64) {
	const buffers, smallest = 512 << 10, 256
	if most := r.budget + int64(len(r.workers)*r.window) + buffers; held > most {
		violated("%d bytes of results are held in memory, more than %d", held, most)
	}
	if r.disk < 1<<40 {
		return
	}
	used := 0
	for _, w := range r.workers {
		used += w.used
	}
	if most := r.budget + int64(2*used+smallest*r.jobs) + buffers; held+spills > most {
		violated("%d bytes of results are in memory, %d of them on the way to the temporary file, and workers have credit for all but %d",
			held+spills, spills, used)
	}
}
