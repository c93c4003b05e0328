package worker

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

// A partedRun has long lines sent in parts over connections that are cut, and puts
// together what comes at the other end.
type partedRun struct {
	*link
	rnd     *rand.Rand
	mem     *chunk
	printed map[uint64][]byte // so far, and what is not printed yet is only known there
	open    []uint64          // jobs whose lines are being printed
	got     map[uint64][]byte // parts of jobs
	done    map[uint64][]byte
	back    map[uint64]bool
}

// print has one of the jobs print a little, or end.
func (r *partedRun) print() {
	i := r.rnd.IntN(len(r.open))
	seq := r.open[i]
	data := r.mem.buf[r.rnd.IntN(1000):][:1+r.rnd.IntN(200)]
	r.printed[seq] = append(r.printed[seq], data...)
	a := answer{kind: stdoutPart, seq: seq, attempt: 1, data: data, mem: r.mem, result: &codec.Result{Seq: seq}}
	before := len(r.control)
	if r.rnd.IntN(4) == 0 {
		a.kind, a.count = lastOfJob, 1
		r.open[i] = r.open[len(r.open)-1]
		r.open = r.open[:len(r.open)-1]
	}
	r.answer(a)
	if len(r.control) > before {
		r.back[seq] = true
	}
}

// send is a pass of the writer. What it has sent arrives, or not.
func (r *partedRun) send(arrives bool) {
	list := r.results.pickAnswers(nil)
	for _, a := range list {
		if !arrives {
			break
		}
		r.got[a.seq] = append(r.got[a.seq], a.data...)
		if a.kind == lastOfJob {
			r.done[a.seq] = r.got[a.seq]
			delete(r.got, a.seq)
		}
	}
	r.results.answersCopied(list)
}

// acknowledge gives credit back, and now and then says what is done.
func (r *partedRun) acknowledge() {
	r.results.credit = r.results.window
	for seq := range r.done {
		if r.rnd.IntN(3) == 0 {
			r.results.acknowledgeAnswers(span{seq, 1})
		}
	}
}

// cut is the end of a connection, and the beginning of the next.
func (r *partedRun) cut() {
	clear(r.got)
	r.results.tear()
	for seq := range r.done {
		r.results.acknowledgeAnswers(span{seq, 1})
	}
	missing := map[uint64]bool{}
	for seq := range r.printed {
		missing[seq] = r.done[seq] == nil && !slices.Contains(r.open, seq) && !r.back[seq]
	}
	for _, h := range r.held() {
		for seq := h.Seq; seq < h.Seq+h.Count; seq++ {
			if r.done[seq] != nil {
				panic(fmt.Sprintf("job %d is done, and held", seq))
			}
			missing[seq] = false
		}
	}
	for seq, is := range missing {
		if is {
			r.back[seq] = true
		}
	}
	r.results.again(r.results.window)
}

// Whatever a connection was cut in the middle of, each job has what it printed, once,
// or goes back; only where there is no memory for what was sent.
func TestPartsAtRandom(t *testing.T) {
	back := 0
	for seed := range uint64(1000) {
		scarce := seed%2 == 1
		mem := newChunk()
		mem.refs = 1
		for i := range mem.buf {
			mem.buf[i] = byte(i)
		}
		r := &partedRun{
			link: newLink(&Config{Slots: 1}, codec.Welcome{Credit: 1000, Grace: 1}),
			rnd:  rand.New(rand.NewPCG(seed, 0)), mem: mem, printed: map[uint64][]byte{},
			got: map[uint64][]byte{}, done: map[uint64][]byte{}, back: map[uint64]bool{},
		}
		if scarce {
			r.results.held = mostParts - 10*answerCost
		}
		for seq := range uint64(20) {
			r.open = append(r.open, seq+1)
		}
		for len(r.open) > 0 {
			switch r.rnd.IntN(8) {
			default:
				r.print()
			case 1, 2:
				r.send(true)
			case 3:
				r.acknowledge()
			case 4:
				r.send(r.rnd.IntN(2) == 0)
				r.cut()
			}
		}
		for !r.results.answers.empty() {
			r.send(true)
			r.acknowledge()
		}
		for seq, want := range r.printed {
			if got, ok := r.done[seq]; ok == r.back[seq] || ok && !bytes.Equal(got, want) {
				t.Fatalf("seed %d: job %d has %d bytes of %d (%v), and goes back: %v", seed, seq, len(got), len(want), ok, r.back[seq])
			}
		}
		if back += len(r.back); !scarce && len(r.back) > 0 {
			t.Fatalf("seed %d: %d jobs go back", seed, len(r.back))
		}
		r.results.abandon(mem)
		want := int64(0)
		if scarce {
			want = mostParts - 10*answerCost
		}
		if o := &r.results; o.held != want || o.answers.unsent != 0 || mem.refs != 0 || len(o.answers.parted)+len(o.answers.torn) > 0 {
			t.Fatalf("seed %d: held %d, unsent %d, refs %d, %d parted, %d torn", seed, o.held-want, o.answers.unsent, mem.refs, len(o.answers.parted), len(o.answers.torn))
		}
	}
	if back == 0 {
		t.Error("there was memory for everything")
	}
}

// What comes back of a preferred line's credit is for the rest of that line, which its
// command may not have printed yet: others would take it for ever.
func TestPreferredLineKeepsItsCredit(t *testing.T) {
	o := &outbox{window: 1000, kept: map[uint64]*result{}}
	o.answers.kept = map[uint64]*answer{}
	for range 100 {
		o.putAnswer(answer{kind: stdoutPart, seq: 7, data: make([]byte, 100)})
	}
	o.earn(1000)
	o.prefer(6, 1000)
	for range 20 {
		if list := o.pickAnswers(nil); len(list) > 0 {
			t.Fatalf("%d parts of job %d go", len(list), list[0].seq)
		}
		o.putAnswer(answer{kind: stdoutPart, seq: 6, data: make([]byte, 700)})
		list := o.pickAnswers(nil)
		if len(list) != 1 || list[0].seq != 6 {
			t.Fatalf("%d parts go, with credit of %d and %d put by", len(list), o.credit, o.aside)
		}
		o.answersCopied(list)
		o.earn(700)
	}
	o.putAnswer(answer{kind: lastOfJob, seq: 6, count: 1, data: make([]byte, 700)})
	if list := o.pickAnswers(nil); len(list) != 4 || list[0].seq != 6 || list[1].seq != 7 {
		t.Errorf("at the end of the line %d go, and the credit is %d", len(list), o.credit)
	}
}
