package order

import (
	"bytes"
	"testing"
)

// loop is what an event loop does around a stage, with an executor that is
// done at once.
type loop struct {
	s        *Stage
	ops      []Op
	receipts []Receipt
}

func (l *loop) turn() {
	l.ops = l.s.Ops(l.ops[:0])
	for _, op := range l.ops {
		l.s.Done(op)
	}
	l.receipts = l.s.Receipts(l.receipts[:0])
}

// answers is a frame of 8,191 answers of eight bytes.
var answers = bytes.Repeat([]byte("1234567\n"), 8191)

func BenchmarkCompletionOrder(b *testing.B) { emitAll(b, false, answers, 8191) }
func BenchmarkAtTheFrontier(b *testing.B)   { emitAll(b, true, answers, 8191) }
func BenchmarkSmallResult(b *testing.B)     { emitAll(b, false, answers[:96], 1) }

func emitAll(b *testing.B, keep bool, data []byte, count int) {
	l := loop{s: New(keep, '\n', 64<<20)}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	seq := uint64(1)
	for b.Loop() {
		l.s.Emit(Receipt{Worker: 1, Seq: seq, Count: count, Bytes: len(data)}, data)
		seq += uint64(count)
		l.turn()
	}
}

// BenchmarkAlternately emits frames in the order 2, 1, 4, 3, …
func BenchmarkAlternately(b *testing.B) {
	l := loop{s: New(true, '\n', 64<<20)}
	b.SetBytes(int64(len(answers)))
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		seq := (n^1)*8191 + 1
		n++
		l.s.Emit(Receipt{Worker: 1, Seq: seq, Count: 8191, Bytes: len(answers)}, answers)
		l.turn()
	}
}

// BenchmarkManyRuns emits single results 20,000 jobs wide out of order.
func BenchmarkManyRuns(b *testing.B) {
	const width = 20_000
	l := loop{s: New(true, '\n', 64<<20)}
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		at := n % width
		seq := n - at + at*7919%width + 1 // 7919 and width have no common factor
		n++
		l.s.Emit(Receipt{Worker: 1, Seq: seq, Count: 1, Bytes: 96}, answers[:96])
		l.turn()
	}
}
