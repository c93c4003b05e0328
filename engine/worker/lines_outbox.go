package worker

import (
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// What an answer holds decides how it is sent. Those that are parts have the
// number of their stream.
type kind uint8

const (
	wholeLines kind = iota // of count jobs: Answers
	stdoutPart             // of a line too long for a chunk: ResultPart
	stderrPart             // that goes before the end of a result: ResultPart
	lastOfJob              // how one job ended: Results
)

// An answer is a stretch of what a command printed in line mode. It is kept until
// its jobs are acknowledged. A part may have to be given up once it is sent, see
// parted.
type answer struct {
	kind       kind
	seq, count uint64
	attempt    uint64
	from, to   time.Time // when the command was at them
	data       []byte
	mem        *chunk        // that data lies in; nil: nothing else does
	left       uint64        // jobs not acknowledged
	copied     bool          // it is in a frame
	settled    bool          // nobody needs it any more
	result     *codec.Result // of a job that goes alone: all but the data; nil: of whole lines
}

// answers is the outbox of line mode, first in, first out.
type answers struct {
	queue  []*answer
	head   int
	unsent int64              // bytes in queue
	kept   map[uint64]*answer // sent and not acknowledged, by the first job
	spare  []*answer
	parted map[uint64]*parted // jobs of whose answers parts were sent
	torn   map[uint64]bool    // jobs of whose answers a part went with an earlier connection
}

func (o *answers) waiting() []*answer { return o.queue[o.head:] }

func (o *answers) empty() bool { return len(o.waiting()) == 0 && len(o.kept) == 0 }

// putAnswer queues an answer. One that follows the one before, of which nothing
// was sent yet, becomes part of it.
func (o *outbox) putAnswer(a answer) {
	q := &o.answers
	q.unsent += int64(len(a.data))
	if list := q.waiting(); a.kind == wholeLines && len(list) > 0 {
		if last := list[len(list)-1]; last.continues(&a) {
			last.data = last.data[:len(last.data)+len(a.data)]
			last.count += a.count
			last.to = a.to
			return
		}
	}
	if a.mem != nil {
		a.mem.refs++
	}
	o.held += answerCost
	if q.head > 64 && q.head > len(q.queue)/2 {
		n := copy(q.queue, q.queue[q.head:])
		clear(q.queue[n:])
		q.queue, q.head = q.queue[:n], 0
	}
	q.queue = append(q.queue, q.recycled(a))
}

// answer queues an answer, unless a part of it went with an earlier connection:
// then the job goes back. The link's mutex is held.
func (l *link) answer(a answer) {
	torn := l.results.answers.torn
	switch {
	case !torn[a.seq] || a.kind == wholeLines:
		l.results.putAnswer(a)
	case a.kind == lastOfJob:
		delete(torn, a.seq)
		l.giveBack([]span{{a.seq, 1}})
	}
}

// continues tells whether b comes right behind a, as jobs and in memory.
func (a *answer) continues(b *answer) bool {
	n := len(a.data)
	return a.kind == wholeLines && a.mem != nil && a.mem == b.mem && a.attempt == b.attempt && a.seq+a.count == b.seq &&
		n < cap(a.data) && &a.data[:n+1][n] == &b.data[0]
}

// recycled is a in memory that was used before, if there is some.
func (q *answers) recycled(a answer) *answer {
	n := len(q.spare)
	if n == 0 {
		q.spare = append(q.spare, new(answer))
		n = 1
	}
	p := q.spare[n-1]
	q.spare = q.spare[:n-1]
	*p = a
	return p
}

// answersReady tells whether pickAnswers would return anything.
func (o *outbox) answersReady() bool {
	list := o.answers.waiting()
	return len(list) > 0 && int64(len(list[0].data)) <= o.free() || o.firstAnswerReady()
}

// pickAnswers takes what can be sent now.
func (o *outbox) pickAnswers(dst []*answer) []*answer {
	q := &o.answers
	for room := int64(writeSize); room > 0 && o.answersReady(); {
		o.firstAnswerFirst()
		a := q.queue[q.head]
		q.queue[q.head] = nil
		q.head++
		n := int64(len(a.data))
		o.credit -= n
		q.unsent -= n
		room -= n + rangeCost
		if a.count > 0 {
			if old := q.kept[a.seq]; old != nil {
				o.settleAnswer(old) // of an earlier attempt
			}
			a.left = a.count
			q.kept[a.seq] = a
		} else {
			o.keepPart(a)
		}
		dst = append(dst, a)
	}
	return dst
}

// answersCopied notes that what pickAnswers returned is in frames.
func (o *outbox) answersCopied(list []*answer) {
	for _, a := range list {
		a.copied = true
		if a.settled {
			o.freeAnswer(a)
		}
	}
}

// acknowledgeAnswers forgets the answers to the jobs in s.
func (o *outbox) acknowledgeAnswers(s span) {
	for s.count > 0 {
		a := o.answers.kept[s.seq]
		if a == nil || a.left > s.count || a.left != a.count {
			break
		}
		s.seq += a.count
		s.count -= a.count
		o.settleAnswer(a)
	}
	if s.count == 0 {
		return
	}
	for _, a := range o.answers.kept { // some begin or end inside
		first, end := max(a.seq, s.seq), min(a.seq+a.count, s.seq+s.count)
		if first < end {
			if a.left -= min(a.left, end-first); a.left == 0 {
				o.settleAnswer(a)
			}
		}
	}
}

func (o *outbox) settleAnswer(a *answer) {
	delete(o.answers.kept, a.seq)
	o.forgetParts(a.seq)
	o.needless(a)
}

// needless frees an answer, once it is in a frame.
func (o *outbox) needless(a *answer) {
	a.settled = true
	if a.copied {
		o.freeAnswer(a)
	}
}

func (o *outbox) freeAnswer(a *answer) {
	o.drop(a.mem)
	o.held -= answerCost
	*a = answer{}
	if len(o.answers.spare) < mostSpare {
		o.answers.spare = append(o.answers.spare, a)
	}
}

// withdraw forgets the parts of a line: nobody will get the rest of it.
func (o *outbox) withdraw(seq uint64) {
	q := &o.answers
	o.forgetParts(seq)
	kept := slices.DeleteFunc(q.waiting(), func(a *answer) bool {
		part := a.count == 0 && a.seq == seq
		if part {
			q.unsent -= int64(len(a.data))
			o.freeAnswer(a)
		}
		return part
	})
	q.queue = q.queue[:q.head+len(kept)]
}
