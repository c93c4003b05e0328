package schedule

import (
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// slow is a rig with two workers, of which worker 1 has had job 4 for a second
// when all others are done: they took 10 ms.
func slow(t *testing.T, conf Config) *rig {
	conf.Speculate = true
	r := newRig(t, conf)
	r.join(1, 2)
	r.join(2, 2)
	r.add(4)
	r.does("1 gets 1-2", "2 gets 3-4")
	r.answers(2, 3, 3)
	r.wait(10 * time.Millisecond)
	r.EndOfInput()
	r.answers(1, 1, 1)
	r.answers(2, 4, 4)
	r.does()
	return r
}

func TestStragglerIsStartedASecondTimeElsewhere(t *testing.T) {
	r := slow(t, Config{})
	r.ticks()
	r.wait(20 * time.Millisecond)
	r.ticks()
	r.wait(time.Second)
	r.ticks("2 gets 2 attempt 2")
	r.counts(0, 1)
	r.wait(time.Hour)
	r.ticks() // two copies at most
	r.answers(2, 2, 2)
	if !r.Done() {
		t.Fatal("not done though every job is answered")
	}
	r.does("cancel 2 at 1")
	r.does()
	r.holdsOnly(1)
	r.givesBack(1, 2, 2)
	r.does()
	r.counts(0, 0)
}

// A job may fail by what it is, as diff does: how long it took counts all the same.
func TestAJobMayBeSlowThoughAllOthersFailed(t *testing.T) {
	r := newRig(t, Config{Speculate: true})
	r.join(1, 1)
	r.join(2, 1)
	r.add(2)
	r.does("1 gets 1", "2 gets 2")
	r.EndOfInput()
	r.wait(10 * time.Millisecond)
	r.gets(2, 2, 1, Verdict{Held: true, Final: true, Record: batch.Range{Seq: 2, Count: 1, Data: []byte("2\n")}})
	r.does()
	r.wait(time.Second)
	r.ticks("2 gets 1 attempt 2")
}

func TestFirstAnswerWins(t *testing.T) {
	r := slow(t, Config{})
	r.wait(time.Second)
	r.ticks("2 gets 2 attempt 2")
	r.answers(1, 2, 2)
	r.does("cancel 2 at 2")
	r.answersLate(2, 2, 2)
	if n, _ := r.Answer(r.now, 2, 2, 1); n > 0 {
		t.Fatal("the loser is believed to answer twice")
	}
}

func TestLateFailureIsNone(t *testing.T) {
	r := slow(t, Config{})
	r.wait(time.Second)
	r.ticks("2 gets 2 attempt 2")
	r.answers(2, 2, 2)
	if held, late := r.Holds(1, 2, 1); !held || !late {
		t.Fatalf("job 2 is held by 1: %v, late: %v", held, late)
	}
	r.gets(1, 2, 1, Verdict{Held: true, Late: true})
	r.does("cancel 2 at 1")
	r.counts(0, 0)
}

func TestJobFailsWhenBothCopiesHave(t *testing.T) {
	for _, order := range [][2]WorkerID{{1, 2}, {2, 1}} {
		r := slow(t, Config{Retries: 1})
		r.join(3, 1)
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
		r.gets(order[0], 2, int(order[0]), Verdict{Held: true, Twin: true})
		r.ticks() // it is not copied again
		r.fails(order[1], 2, int(order[1]))
		r.does("3 gets 2 attempt 3") // where it has not failed
		r.failsForGood(3, 2, 3)
	}
}

func TestCopyThatIsGivenBackIsNotRunAgain(t *testing.T) {
	for _, order := range [][2]WorkerID{{1, 2}, {2, 1}} {
		r := slow(t, Config{})
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
		r.givesBack(order[0], 2, 2)
		r.counts(0, 1)
		r.does()
		r.givesBack(order[1], 2, 2)
		r.does("2 gets 2 attempt 3")
	}
}

func TestLossOfACopy(t *testing.T) {
	for _, order := range [][2]WorkerID{{1, 2}, {2, 1}} {
		r := slow(t, Config{MaxLost: 3})
		r.join(3, 2)
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
		r.leave(order[0])
		r.does()
		r.ticks()
		r.leave(order[1])
		r.does("3 gets 2 attempt 3")
		r.leave(3)
		r.does("give up 2")
	}
}

// A job that was lost once keeps others of its kind from its worker, as long as
// it is there.
func TestLossOfACopyIsCountedOnce(t *testing.T) {
	r := slow(t, Config{MaxLost: 3})
	r.wait(time.Second)
	r.ticks("2 gets 2 attempt 2")
	r.leave(1)
	w := r.workers[2]
	if w.afresh != 1 {
		t.Fatalf("worker 2 has %d jobs that were lost before, want 1", w.afresh)
	}
	r.answers(2, 2, 2)
	if w.afresh != 0 {
		t.Fatalf("worker 2 has %d jobs that were lost before, want none", w.afresh)
	}
}

// Whoever runs one copy may have lost its worker for another reason, and does
// not have it alone: it cannot be given up for the loss of both.
func TestLossOfBothCopiesIsNotTheLastChance(t *testing.T) {
	r := slow(t, Config{MaxLost: 2})
	r.join(3, 2)
	r.wait(time.Second)
	r.ticks("2 gets 2 attempt 2")
	r.leave(1)
	r.leave(2)
	r.does("3 gets 2 attempt 3")
}

func TestWhatIsNotStartedTwice(t *testing.T) {
	t.Run("while more may come", func(t *testing.T) {
		r := slow(t, Config{})
		r.ended = false
		r.wait(time.Second)
		r.ticks()
	})
	t.Run("without being asked for", func(t *testing.T) {
		r := slow(t, Config{})
		r.conf.Speculate = false
		r.wait(time.Second)
		r.ticks()
	})
	t.Run("before any job is answered", func(t *testing.T) {
		r := newRig(t, Config{Speculate: true})
		r.join(1, 1)
		r.join(2, 1)
		r.add(1)
		r.EndOfInput()
		r.does("1 gets 1")
		r.wait(time.Hour)
		r.ticks()
	})
	t.Run("on the same worker", func(t *testing.T) {
		r := slow(t, Config{})
		r.leave(2)
		r.wait(time.Second)
		r.ticks()
	})
	t.Run("on a worker without a free slot", func(t *testing.T) {
		r := slow(t, Config{})
		r.Slots(r.now, 2, 0)
		r.wait(time.Second)
		r.ticks()
	})
	t.Run("after it was lost", func(t *testing.T) {
		r := slow(t, Config{})
		r.leave(1)
		r.does("2 gets 2 attempt 2")
		r.join(3, 1)
		r.wait(time.Second)
		r.ticks()
	})
	t.Run("where it failed", func(t *testing.T) {
		r := slow(t, Config{Retries: 1})
		r.fails(1, 2, 1)
		r.does("2 gets 2 attempt 2")
		r.wait(time.Second)
		r.ticks()
	})
}

// Jobs that have not started are asked back, not run twice.
func TestQueuedJobsAreNotStartedTwice(t *testing.T) {
	r := newRig(t, Config{Speculate: true})
	r.join(1, 1)
	r.warm(1, 1, 1000)
	r.add(6)
	r.EndOfInput()
	r.does("1 gets 2-7")
	r.join(2, 8)
	r.wait(time.Second)
	r.ticks("revoke 6 from 1")
	r.givesBack(1, 3, 7)
	r.GaveBack(r.now, 1)
	r.does("2 gets 3-7")
	r.ticks("2 gets 2 attempt 2")
}

// The block of a job is needed until the last copy is handed out or over.
func TestBothCopiesKeepTheirBytes(t *testing.T) {
	pool := batch.NewPool(batch.BlockSize)
	r := slow(t, Config{})
	block := pool.Get()
	r.ended = false
	block.Add(2)
	r.Add(batch.Range{Seq: 5, Count: 2, Data: append(block.Buf[:0], "5\n6\n"...), Block: block})
	block.Release(1)
	r.EndOfInput()
	r.does("2 gets 5-6")
	r.answers(1, 2, 2)
	r.wait(time.Second)
	r.ticks("1 gets 5 attempt 2", "1 gets 6 attempt 2")
	r.answers(1, 5, 5)
	r.givesBack(2, 6, 6)
	r.does("cancel 5 at 2")
	if !pool.Exhausted() {
		t.Fatal("the block is free though job 6 runs")
	}
	r.answers(1, 6, 6)
	r.givesBack(2, 5, 5)
	if r.does(); pool.Exhausted() {
		t.Fatal("the block was never freed")
	}
}

// An answer to a range may be in time for some of its jobs and late for others.
func TestAnswerToARangeIsLateInPart(t *testing.T) {
	r := newRig(t, Config{Speculate: true})
	r.join(1, 8)
	r.join(2, 1)
	r.add(8)
	r.EndOfInput()
	r.Dispatch(0, nil)
	r.holdsOnly(1, "1-5", "7-8")
	r.wait(time.Millisecond)
	r.answers(2, 6, 6)
	r.wait(time.Second)
	r.ticks("2 gets 1 attempt 2")
	r.answers(2, 1, 1)
	r.does("cancel 1 at 1")
	if n, late := r.Answer(r.now, 1, 1, 5); n != 1 || !late {
		t.Fatalf("%d answers are taken as late: %v, want job 1 to be", n, late)
	}
	r.answers(1, 2, 5)
	r.answers(1, 7, 8)
	if !r.Done() {
		t.Fatal("not done though every job is answered")
	}
}

func TestUsual(t *testing.T) {
	for _, test := range []struct {
		short, long int // of 1 ms and of 1 s
		most        time.Duration
	}{
		{1, 0, time.Millisecond},
		{9, 1, time.Millisecond},
		{8, 1, time.Second},
		{0, 1, time.Second},
		{900, 100, time.Millisecond},
		{899, 101, time.Second},
	} {
		var took times
		took.add(time.Millisecond, test.short)
		took.add(time.Second, test.long)
		if got := took.usual(); got < test.most || got > test.most*5/4 {
			t.Errorf("of %d of 1 ms and %d of 1 s, nine in ten took %v", test.short, test.long, got)
		}
	}
	for d := time.Duration(4); d > 0; d = d*9/8 + 1 {
		if end := classEnd(class(d)); d < time.Hour && (end <= d || end > d*5/4+1) {
			t.Errorf("%v is in a class that ends at %v", d, end)
		}
	}
}
