package worker

import (
	"maps"
	"slices"
)

// mostParts is how many bytes of results may be in memory with parts of long lines
// among them that were sent. The rest is for results that wait to be acknowledged, and
// these have no need of what is to come.
const mostParts = maxHeld / 2

// parted is what was sent of a job's answer that goes in parts: a line too long for a
// chunk, or what stderr had to say. The parts are kept until the job is acknowledged,
// to be sent again on another connection, unless the line is so long that there is no
// memory for it: then gone is set, and when the connection is lost its job runs again.
type parted struct {
	parts []*answer // oldest first
	gone  bool
}

// keepPart keeps a part that is being sent.
func (o *outbox) keepPart(a *answer) {
	q := &o.answers
	p := q.parted[a.seq]
	if p == nil {
		p = new(parted)
		if q.parted == nil {
			q.parted = map[uint64]*parted{}
		}
		q.parted[a.seq] = p
	}
	p.parts = append(p.parts, a)
	if p.gone = p.gone || o.held > mostParts; p.gone {
		o.freeParts(p)
	}
}

// forgetParts forgets what was sent of a job.
func (o *outbox) forgetParts(seq uint64) {
	if p := o.answers.parted[seq]; p != nil {
		o.freeParts(p)
		delete(o.answers.parted, seq)
	}
}

func (o *outbox) freeParts(p *parted) {
	for _, a := range p.parts {
		o.needless(a)
	}
	p.parts = nil
}

// tear forgets what cannot be offered again: jobs of whose answer a part has gone with
// the connection. The writer must have ended.
func (o *outbox) tear() {
	q := &o.answers
	if q.torn == nil {
		q.torn = map[uint64]bool{}
	}
	for seq, p := range q.parted {
		if !p.gone {
			continue
		}
		o.withdraw(seq)
		if a := q.kept[seq]; a != nil && a.kind == lastOfJob {
			o.settleAnswer(a)
		} else {
			q.torn[seq] = true
		}
	}
	waiting := slices.DeleteFunc(q.waiting(), func(a *answer) bool {
		lost := a.kind == lastOfJob && q.torn[a.seq]
		if lost {
			q.unsent -= int64(len(a.data))
			delete(q.torn, a.seq)
			o.freeAnswer(a)
		}
		return lost
	})
	q.queue = q.queue[:q.head+len(waiting)]
	for _, a := range q.kept {
		a.left = a.count
	}
}

// againAnswers queues all that was sent to be sent once more, before what waits. The
// writer must not have taken anything since it was begun.
func (o *outbox) againAnswers() {
	q := &o.answers
	sent := map[uint64][]*answer{} // by job, with the end last
	for seq, p := range q.parted {
		sent[seq] = p.parts
	}
	for seq, a := range q.kept {
		sent[seq] = append(sent[seq], a)
	}
	clear(q.parted)
	clear(q.kept)
	var queue []*answer
	for _, seq := range slices.Sorted(maps.Keys(sent)) {
		queue = append(queue, sent[seq]...)
	}
	for _, a := range queue {
		a.copied = false
		q.unsent += int64(len(a.data))
	}
	q.queue, q.head = append(queue, q.waiting()...), 0
}
