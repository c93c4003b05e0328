package worker

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/command"
)

// A result waits in the outbox to be sent, and then to be acknowledged. Its
// spools belong to the writer until sent is set, then to the outbox.
type result struct {
	command.Result
	seq, attempt uint64
	offered      int64 // bytes of stdout, then stderr, that parts have carried
	sent         bool  // all of it
	settled      bool  // the coordinator needs it no more
}

func (r *result) size() int64 { return r.Stdout.Len() + r.Stderr.Len() }

// memory is how much of it is not in a file.
func (r *result) memory() int64 {
	out, _ := r.Stdout.Bytes()
	errs, _ := r.Stderr.Bytes()
	return int64(len(out) + len(errs))
}

func (r *result) free() {
	r.Stdout.Close()
	r.Stderr.Close()
}

// A piece is what one pass of the writer sends of a result: n bytes from
// offset from, or with last set whatever is left and how the job ended.
type piece struct {
	*result
	from, n int64
	last    bool
	skip    bool // nobody needs it any more
}

// An outbox holds results until they are acknowledged. Small ones go whole, in
// the order in which they came; large ones take turns, a part each. One that is
// preferred goes before all others. The link's mutex guards it.
type outbox struct {
	window int64  // credit when nothing is under way
	credit int64  // bytes that may be sent
	first  uint64 // the job whose result is preferred; 0: none is
	aside  int64  // credit that is put by for it
	most   int64  // as much as came with the preference: what aside may be
	small  []*result
	large  []*result
	kept   map[uint64]*result // by seq; all that are not settled
	held   int64              // bytes in memory that are not settled
	turn   bool               // a part of a large one went last: now a small one has its credit put by

	answers answers // of line mode
}

func (o *outbox) put(r *result) {
	if old := o.kept[r.seq]; old != nil {
		o.settle(old) // an earlier attempt, which nobody waits for any more
	}
	o.kept[r.seq] = r
	o.held += r.memory()
	o.enqueue(r)
}

// enqueue has a result sent.
func (o *outbox) enqueue(r *result) {
	// What could take more than half of the window would hold up what follows.
	if r.size() > min(wholeSize, o.window/2) {
		o.large = append(o.large, r)
	} else {
		o.small = append(o.small, r)
	}
}

// enough tells whether what waits is to be sent although the next job begins.
// Results of short jobs wait for each other: a frame each would wake four
// goroutines for each, which costs more than the rest of the job.
func (o *outbox) enough(now time.Time) bool {
	if len(o.large) > 0 || len(o.small) >= companySize {
		return true
	}
	return len(o.small) > 0 && now.Sub(o.small[0].Start.Add(o.small[0].Took)) > companyTime
}

// settle forgets a result.
func (o *outbox) settle(r *result) {
	if r.settled {
		return
	}
	r.settled = true
	o.forgo(span{r.seq, 1})
	delete(o.kept, r.seq)
	o.held -= r.memory()
	if r.sent {
		r.free()
	}
}

// acknowledge forgets the results in s.
func (o *outbox) acknowledge(s span) {
	if s.count < uint64(len(o.kept)) {
		for seq := s.seq; seq < s.seq+s.count; seq++ {
			if r := o.kept[seq]; r != nil {
				o.settle(r)
			}
		}
		return
	}
	for seq, r := range o.kept {
		if seq-s.seq < s.count {
			o.settle(r)
		}
	}
}

// ready tells whether pick would return anything.
func (o *outbox) ready() bool {
	if len(o.small) > 0 && (o.small[0].settled || o.small[0].size() <= o.free()) {
		return true
	}
	if len(o.large) > 0 && (o.large[0].settled || o.spare() > 0) {
		return true
	}
	return o.firstReady()
}

// free is the credit for all but the preferred result.
func (o *outbox) free() int64 { return o.credit - o.aside }

// spare is the credit for a large result: without what is put by for a small one.
func (o *outbox) spare() int64 {
	if o.turn && len(o.small) > 0 {
		return o.free() - o.small[0].size()
	}
	return o.free()
}

// pick takes what can be sent now: a part of a large result first, so that it
// gets on in a flood of small ones; then small ones; then more parts.
func (o *outbox) pick(dst []piece) []piece {
	room := int64(writeSize)
	dst = o.pickFirst(dst, &room)
	start := len(dst)
	dst = o.part(dst, &room, min(o.spare(), partSize))
	large := len(dst) > start
	for len(o.small) > 0 && room > 0 {
		r := o.small[0]
		if !r.settled && r.size() > o.free() {
			break
		}
		o.small[0] = nil
		o.small = o.small[1:]
		dst = o.finish(dst, r)
		room -= r.size() + rangeCost
	}
	for len(o.large) > 0 && room > 0 {
		spare := o.free()
		if len(o.small) > 0 {
			spare -= o.small[0].size()
		}
		n := len(dst)
		if dst = o.part(dst, &room, min(spare, partSize)); len(dst) == n {
			break
		}
	}
	if len(dst) > start {
		o.turn = large
	}
	return dst
}

// part picks a part of at most most bytes of the large result whose turn it is.
func (o *outbox) part(dst []piece, room *int64, most int64) []piece {
	if len(o.large) == 0 {
		return dst
	}
	r := o.large[0]
	if !r.settled {
		if most <= 0 {
			return dst
		}
		from := r.offered
		// A part is of one stream.
		end := r.size()
		if from < r.Stdout.Len() {
			end = r.Stdout.Len()
		}
		n := min(most, end-from)
		o.credit -= n
		*room -= n + rangeCost
		r.offered += n
		dst = append(dst, piece{result: r, from: from, n: n})
	}
	o.large[0] = nil
	o.large = o.large[1:]
	if !r.settled && r.offered < r.size() {
		o.large = append(o.large, r)
		return dst
	}
	return o.finish(dst, r)
}

// finish picks the end of a result, and all of it if nothing has gone before.
func (o *outbox) finish(dst []piece, r *result) []piece {
	if !r.settled {
		o.credit -= r.size() - r.offered
		o.forgo(span{r.seq, 1})
	}
	return append(dst, piece{result: r, from: r.offered, n: r.size() - r.offered, last: true, skip: r.settled})
}

// written notes that the pieces are on their way.
func (o *outbox) written(pieces []piece) {
	for _, p := range pieces {
		if p.last {
			p.sent = true
			if p.settled {
				p.free()
			}
		}
	}
}

// close frees everything. The writer must have ended.
func (o *outbox) close() {
	for _, r := range o.kept {
		r.free()
	}
	for _, r := range append(o.small, o.large...) {
		r.free()
	}
}
