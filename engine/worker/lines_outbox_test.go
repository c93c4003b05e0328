package worker

import (
	"math/rand/v2"
	"testing"
)

// Whatever order answers and acknowledgements come in, the outbox ends empty,
// and has each byte sent once.
func TestAnswersAtRandom(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		o := &outbox{window: 1000, credit: 1000, kept: map[uint64]*result{}}
		o.answers.kept = map[uint64]*answer{}
		c := newChunk()
		c.refs = 1
		seq, at, sent := uint64(1), 0, 0
		var unacked []span
		var picked []*answer
		take := func() {
			picked = o.pickAnswers(picked[:0])
			for _, a := range picked {
				unacked = append(unacked, span{a.seq, a.count})
				sent += len(a.data)
			}
			if o.credit < 0 {
				t.Fatalf("seed %d: credit %d", seed, o.credit)
			}
			if rnd.IntN(2) == 0 { // acknowledged as soon as it may be
				o.answersCopied(picked)
				picked = picked[:0]
			}
		}
		acknowledge := func() {
			for i := range unacked {
				j := rnd.IntN(len(unacked) - i)
				s := unacked[j]
				unacked[j] = unacked[len(unacked)-1-i]
				if n := rnd.Uint64N(s.count + 1); n > 0 && n < s.count { // in two pieces
					o.acknowledgeAnswers(span{s.seq + n, s.count - n})
					s.count = n
				}
				o.acknowledgeAnswers(s)
			}
			unacked = unacked[:0]
			o.credit = o.window
		}
		for range 200 {
			switch rnd.IntN(4) {
			case 0, 1:
				n := 1 + rnd.IntN(100)
				count := uint64(1 + rnd.IntN(n))
				if rnd.IntN(3) == 0 {
					seq += 10 // not next to the one before
				}
				o.putAnswer(answer{kind: wholeLines, seq: seq, count: count, data: c.buf[at : at+n], mem: c})
				seq += count
				at += n
			case 2:
				take()
				o.answersCopied(picked)
				picked = picked[:0]
			case 3:
				acknowledge()
			}
		}
		for !o.answers.empty() {
			take()
			o.answersCopied(picked)
			picked = picked[:0]
			acknowledge()
		}
		o.abandon(c)
		if o.held != 0 || o.answers.unsent != 0 || c.refs != 0 || sent != at {
			t.Fatalf("seed %d: held %d, unsent %d, refs %d, sent %d of %d", seed, o.held, o.answers.unsent, c.refs, sent, at)
		}
	}
}

func TestWithdrawnPartsAreNotSent(t *testing.T) {
	o := &outbox{window: 1000, credit: 1000, kept: map[uint64]*result{}}
	o.answers.kept = map[uint64]*answer{}
	for seq := range uint64(6) {
		o.putAnswer(answer{kind: stdoutPart, seq: seq / 2, data: make([]byte, 10)})
	}
	o.withdraw(1)
	got := o.pickAnswers(nil)
	if len(got) != 4 || o.answers.unsent != 0 || o.credit != 960 {
		t.Errorf("%d parts, unsent %d, credit %d", len(got), o.answers.unsent, o.credit)
	}
	for _, a := range got {
		if a.seq == 1 {
			t.Error("a part of job 1")
		}
	}
}
