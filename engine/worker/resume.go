package worker

import (
	"cmp"
	"maps"
	"slices"

	"github.com/jobpipe/jobpipe/codec"
)

// heldPing follows what we say that we have: when its Pong is there, the
// coordinator has acknowledged those results that it needs no more.
const heldPing = "heldping"

// resume makes c the next connection of its link, and tells the coordinator what
// there is.
func (c *connection) resume(window int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.control = c.control[:0] // was for the connection before
	c.alone = false
	c.waiting, c.credit = true, window
	c.results.first, c.results.aside = 0, 0
	c.results.tear()
	held := c.held()
	for last := false; !last; {
		n := min(len(held), codec.ManySpans)
		last = n == len(held)
		c.say(codec.TypeHeld, codec.AppendHeld(nil, codec.Held{Last: last, Spans: held[:n]}))
		held = held[n:]
	}
	c.spoken = maxControl + len(c.control) // it has not asked for that
	switch {
	case c.retired || c.paused > 0:
		c.say(codec.TypeSlots, appendSlots(0))
	case c.atATime() != c.cfg.Slots:
		c.say(codec.TypeSlots, appendSlots(c.atATime()))
	}
	c.say(codec.TypePing, []byte(heldPing))
	if c.retired {
		c.say(codec.TypePing, []byte(lastPing))
	}
}

// offer lets the results be sent that the coordinator has not got. The link's
// mutex is held.
func (c *connection) offer() {
	c.waiting = false
	c.results.again(c.credit)
}

// held is all jobs that wait, run, or have a result that is not acknowledged, in
// order. The link's mutex is held.
func (l *link) held() (held []codec.HeldSpan) {
	add := func(seq, count, attempt uint64) {
		held = append(held, codec.HeldSpan{Span: codec.Span{Seq: seq, Count: count}, Attempt: attempt})
	}
	for _, r := range l.queue.ranges {
		add(r.Seq, uint64(r.Count), r.attempt)
	}
	for _, r := range l.running {
		if r.seq != 0 {
			add(r.seq, 1, r.attempt)
		}
	}
	for _, s := range l.lines {
		for _, g := range s.given {
			add(g.seq, g.count, g.attempt)
		}
	}
	for _, r := range l.results.kept {
		add(r.seq, 1, r.attempt)
	}
	for _, a := range l.results.answers.whole() {
		add(a.seq, a.count, a.attempt)
	}
	slices.SortFunc(held, func(a, b codec.HeldSpan) int { return cmp.Compare(a.Seq, b.Seq) })
	whole := held[:0]
	for _, h := range held {
		if n := len(whole); n > 0 && whole[n-1].Seq+whole[n-1].Count == h.Seq && whole[n-1].Attempt == h.Attempt {
			whole[n-1].Count += h.Count
		} else {
			whole = append(whole, h)
		}
	}
	return whole
}

// again queues all that was sent to be sent once more, with credit as on a new
// connection. The writer must not have taken anything since it was begun.
func (o *outbox) again(window int64) {
	o.window, o.credit, o.turn = window, window, false
	for _, r := range slices.Concat(o.small, o.large) {
		if r.settled {
			r.free()
		}
	}
	o.small, o.large = nil, nil
	for _, seq := range slices.Sorted(maps.Keys(o.kept)) {
		r := o.kept[seq]
		r.sent, r.offered = false, 0
		o.enqueue(r)
	}
	o.againAnswers()
}

// whole is the answers that are not acknowledged, sent or not, without parts.
func (q *answers) whole() (list []*answer) {
	for _, a := range q.kept {
		list = append(list, a)
	}
	for _, a := range q.waiting() {
		if a.count > 0 {
			list = append(list, a)
		}
	}
	return list
}
