package worker

import (
	"slices"

	"github.com/jobpipe/jobpipe/codec"
)

// The coordinator may prefer the result of one job, which may still run: there is
// no room for those of others until it has that one. With it comes credit for it
// alone, since all there was may have gone to the others.

// prefer has the result of a job go before all others. The link's mutex is held.
func (c *connection) prefer(payload []byte) error {
	m, err := codec.ParsePrefer(payload)
	if err != nil {
		return violation("%v", err)
	}
	if err := c.mayCredit(m.Credit); err != nil {
		return err
	}
	if c.waiting { // what there was before counts no more
		c.credit += int64(m.Credit)
	}
	c.results.earn(int64(m.Credit))
	if c.owes(m.Seq) {
		c.results.prefer(m.Seq, int64(m.Credit))
	}
	return nil
}

// prefer puts credit by that has come for the result of a job.
func (o *outbox) prefer(seq uint64, credit int64) {
	o.first, o.aside, o.most = seq, credit, credit
}

// earn takes credit. While a result is preferred it is for that one first, as what
// was sent of that is all that the coordinator may give credit for.
func (o *outbox) earn(n int64) {
	o.credit += n
	if o.first != 0 {
		o.aside = min(o.aside+n, o.most)
	}
}

// owes tells whether there is something to send of a job, or will be. Otherwise
// the last of it is on its way, or it goes back. The link's mutex is held.
func (l *link) owes(seq uint64) bool {
	for _, r := range l.queue.ranges {
		if seq-r.Seq < uint64(r.Count) {
			return true
		}
	}
	for _, r := range l.running {
		if r.seq == seq {
			return true
		}
	}
	for _, s := range l.lines {
		for _, g := range s.given {
			if seq-g.seq < g.count {
				return true
			}
		}
	}
	return l.results.unsent(seq)
}

// unsent tells whether something of a job is to be sent.
func (o *outbox) unsent(seq uint64) bool {
	is := func(r *result) bool { return r.seq == seq && !r.settled }
	return slices.ContainsFunc(o.small, is) || slices.ContainsFunc(o.large, is) || o.answerOf(seq) >= 0
}

// forgo ends the preference of a job: its result was sent, or will not be.
func (o *outbox) forgo(s span) {
	if o.first-s.seq < s.count {
		o.first, o.aside = 0, 0
	}
}

// isFirst tells whether a result is the preferred one, and is to be sent.
func (o *outbox) isFirst(r *result) bool { return r.seq == o.first && !r.settled }

// firstReady tells whether pickFirst would return anything.
func (o *outbox) firstReady() bool {
	return o.first != 0 && o.credit > 0 && (slices.ContainsFunc(o.small, o.isFirst) || slices.ContainsFunc(o.large, o.isFirst))
}

// pickFirst takes what can be sent of the preferred result. Also a small one may
// go in parts: there may be no credit for all of it.
func (o *outbox) pickFirst(dst []piece, room *int64) []piece {
	for o.first != 0 && o.credit > 0 && *room > 0 {
		from := &o.large
		i := slices.IndexFunc(o.large, o.isFirst)
		if i < 0 {
			from, i = &o.small, slices.IndexFunc(o.small, o.isFirst)
		}
		if i < 0 {
			break
		}
		r := (*from)[i]
		*from = slices.Delete(*from, i, i+1)
		if left := r.size() - r.offered; left <= min(o.credit, wholeSize) {
			*room -= left + rangeCost
			return o.finish(dst, r)
		}
		o.large = slices.Insert(o.large, 0, r)
		credit := o.credit
		dst = o.part(dst, room, min(credit, partSize))
		o.aside = max(0, o.aside-(credit-o.credit))
	}
	return dst
}

// firstAnswer returns where in line mode the preferred answer waits, or the part
// of it that goes next; -1: it does not.
func (o *outbox) firstAnswer() int {
	if o.first == 0 {
		return -1
	}
	return o.answerOf(o.first)
}

func (o *outbox) answerOf(seq uint64) int {
	return slices.IndexFunc(o.answers.waiting(), func(a *answer) bool { return seq-a.seq < max(a.count, 1) })
}

// firstAnswerReady tells whether there is credit for it.
func (o *outbox) firstAnswerReady() bool {
	i := o.firstAnswer()
	return i >= 0 && int64(len(o.answers.waiting()[i].data)) <= o.credit
}

// firstAnswerFirst brings it to the front, and takes its credit from what is put
// by for it.
func (o *outbox) firstAnswerFirst() {
	if !o.firstAnswerReady() {
		return
	}
	list := o.answers.waiting()
	i := o.firstAnswer()
	a := list[i]
	copy(list[1:], list[:i])
	list[0] = a
	o.aside = max(0, o.aside-int64(len(a.data)))
	if a.count > 0 {
		o.forgo(span{a.seq, a.count})
	}
}
