package schedule

import (
	"fmt"
	"testing"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// fill reads n jobs into a block of pool.
func (r *rig) fill(pool *batch.Pool, n int) {
	b := pool.Get()
	data := b.Buf[:0]
	seq := r.next
	for range n {
		data = fmt.Appendf(data, "%d\n", r.next)
		r.next++
	}
	b.Add(n)
	r.Add(batch.Range{Seq: seq, Count: n, Data: data, Block: b})
	b.Release(1)
}

// scrub overwrites every block that is free.
func scrub(pool *batch.Pool) {
	var blocks []*batch.Block
	for !pool.Exhausted() {
		b := pool.Get()
		copy(b.Buf, make([]byte, 100))
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		b.Release(1)
	}
}

func TestBlockIsFreeWhenItsLastJobIsSettled(t *testing.T) {
	pool := batch.NewPool(1) // one block
	r := newRig(t, Config{})
	r.fill(pool, 3)
	r.join(1, 3)
	r.does("1 gets 1-3")
	r.answers(1, 3, 3)
	r.failsForGood(1, 1, 1)
	r.does()
	if !pool.Exhausted() {
		t.Error("the block is free while job 2 needs it")
	}
	r.answers(1, 2, 2)
	if pool.Exhausted() {
		t.Error("the block is not free")
	}
}

// Paused, what was handed out before goes on, also elsewhere; fresh jobs begin
// only where nothing else could go on.
func TestPause(t *testing.T) {
	r := newRig(t, Config{Retries: 1})
	r.add(4)
	r.join(1, 1)
	r.does("1 gets 1")
	r.Pause(true)
	r.join(2, 2)
	r.does()
	r.leave(1)
	r.does("2 gets 1 attempt 2")
	r.fails(2, 1, 2)
	r.does("2 gets 1 attempt 3")
	r.answers(2, 1, 1)
	r.does("2 gets 2-3")
	r.join(3, 1)
	r.does()
	r.Pause(false)
	r.does("3 gets 4")
}

func TestBytesOfAFailedJobLastUntilTheNextDispatch(t *testing.T) {
	pool := batch.NewPool(1)
	r := newRig(t, Config{})
	r.fill(pool, 1)
	r.join(1, 1)
	r.does("1 gets 1")
	r.failsForGood(1, 1, 1)
	if !pool.Exhausted() {
		t.Error("the block is free while the caller may look at the record")
	}
	r.does()
	if pool.Exhausted() {
		t.Error("the block is not free")
	}
}

func TestBytesOfAJobGivenUpLastUntilTheNextDispatch(t *testing.T) {
	pool := batch.NewPool(1)
	r := newRig(t, Config{MaxLost: 1})
	r.fill(pool, 2)
	r.join(1, 2)
	r.does("1 gets 1-2")
	r.leave(1)
	acts := r.Dispatch(r.now, nil)
	scrub(pool)
	r.did(acts, []string{"give up 1-2"})
	r.does()
	if pool.Exhausted() {
		t.Error("the block is not free")
	}
}

func TestStopFreesTheBlocksOfWhatWaits(t *testing.T) {
	pool := batch.NewPool(1)
	r := newRig(t, Config{Retries: 1})
	r.fill(pool, 9)
	r.join(1, 3)
	r.does("1 gets 1-3")
	r.fails(1, 1, 1)
	r.Stop()
	r.givesBack(1, 2, 2)
	if !pool.Exhausted() {
		t.Error("the block is free while job 3 runs")
	}
	r.leave(1)
	if pool.Exhausted() {
		t.Error("the block is not free")
	}
}

// A job that is slow, one that is to be tried again and one that waits for a
// worker of its own keep only their own bytes.
func TestCompactFreesTheBlocksAndKeepsTheBytes(t *testing.T) {
	pool := batch.NewPool(1)
	r := newRig(t, Config{Retries: 1, MaxLost: 2})
	r.fill(pool, 9)
	r.join(1, 4)
	r.does("1 gets 1-4")
	r.join(2, 4)
	r.does("2 gets 5-8")
	r.join(3, 1)
	r.does("3 gets 9")
	r.answers(1, 2, 2)
	r.fails(1, 4, 1) // goes to a worker other than 1
	r.answers(2, 6, 8)
	r.leave(3) // 9 is to run alone
	r.Slots(r.now, 1, 0)
	r.Slots(r.now, 2, 0)
	r.givesBack(1, 3, 3)
	r.counts(3, 2)
	r.Compact()
	if pool.Exhausted() {
		t.Error("the block is not free")
	}
	scrub(pool)
	r.Compact() // again: nothing left to do
	r.Slots(r.now, 1, 4)
	r.Slots(r.now, 2, 4)
	r.answers(2, 5, 5)
	r.does("2 gets 9 attempt 2", "1 gets 3")
	r.answers(2, 9, 9)
	r.does("2 gets 4 attempt 2")
	r.leave(1)
	r.does()
	r.join(4, 1)
	r.does("4 gets 1 attempt 2")
}

func TestCompactLeavesWhatFillsABlockAlone(t *testing.T) {
	pool := batch.NewPool(1)
	r := newRig(t, Config{})
	b := pool.Get()
	b.Buf[len(b.Buf)-1] = '\n'
	b.Add(1)
	r.Add(batch.Range{Seq: 1, Count: 1, Data: b.Buf, Block: b})
	b.Release(1)
	r.join(1, 1)
	r.Dispatch(0, nil)
	r.Compact()
	if !pool.Exhausted() {
		t.Error("a record as large as its block was copied")
	}
}
