package schedule

import (
	"slices"
	"testing"
	"time"
)

// returns has a worker that was away come back as another connection, and
// compares what it has and nobody waits for.
func (r *rig) returns(from, to WorkerID, slots int, held []Held, gone int, needless ...Held) {
	r.t.Helper()
	missing, left := r.Return(r.now, from, to, slots, held)
	n := 0
	for _, h := range missing {
		n += h.Count
	}
	if n != gone || !slices.Equal(left, needless) {
		r.t.Fatalf("%d jobs are gone and %v is not waited for, want %d and %v", n, left, gone, needless)
	}
}

func TestWorkerKeepsItsJobsWhileItIsAway(t *testing.T) {
	r := newRig(t, Config{})
	r.add(4)
	r.join(1, 2)
	r.does("1 gets 1-2")
	r.Away(1)
	r.wait(time.Second)
	r.does() // 3 and 4 wait: it gets no more
	r.ticks()
	r.counts(2, 2)
	r.join(2, 1)
	r.does("2 gets 3")
	r.returns(1, 3, 2, []Held{{1, 2, 1}}, 0)
	r.does()
	r.answers(3, 1, 1)
	r.does("3 gets 4")
	r.holdsOnly(3, "2", "4")
	r.holdsOnly(1)
}

func TestJobsThatDidNotArriveGoElsewhereUncharged(t *testing.T) {
	r := newRig(t, Config{MaxLost: 1})
	r.add(9)
	r.join(1, 9)
	r.does("1 gets 1-9")
	r.Away(1)
	r.join(2, 2)
	r.returns(1, 3, 1, []Held{{1, 2, 1}, {5, 1, 1}, {8, 1, 1}}, 5)
	r.does("2 gets 3-4")
	r.holdsOnly(3, "1-2", "5", "8")
	r.answers(2, 3, 4)
	r.does("2 gets 6-7")
	r.answers(2, 6, 7)
	r.does("2 gets 9")
}

func TestAnswersThatArrivedAreNotWaitedFor(t *testing.T) {
	r := newRig(t, Config{Retries: 1})
	r.add(4)
	r.join(1, 4)
	r.does("1 gets 1-4")
	r.answers(1, 1, 2)
	r.fails(1, 4, 1)
	r.does("1 gets 4 attempt 2")
	r.Away(1)
	// The second handing-out of 4 did not arrive, nor the word that the first is settled.
	r.returns(1, 2, 4, []Held{{1, 4, 1}}, 1, Held{1, 2, 1}, Held{4, 1, 1})
	r.does("2 gets 4 attempt 2")
	r.holdsOnly(2, "3", "4")
}

func TestLateReturnChangesNothing(t *testing.T) {
	r := newRig(t, Config{})
	r.add(2)
	r.join(1, 2)
	r.does("1 gets 1-2")
	r.Away(1)
	r.leave(1) // the wait was in vain
	r.join(2, 2)
	r.does("2 gets 1 attempt 2", "2 gets 2 attempt 2")
	r.returns(1, 3, 2, []Held{{1, 2, 1}}, 0, Held{1, 2, 1})
	r.does()
	r.holdsOnly(3)
	r.holdsOnly(2, "1", "2")
}

func TestReturnedWorkerIsStillWhereAJobFailed(t *testing.T) {
	r := newRig(t, Config{Retries: 1})
	r.add(3)
	r.join(1, 2)
	r.join(2, 1)
	r.does("1 gets 1-2", "2 gets 3")
	r.fails(1, 1, 1)
	r.Away(1)
	r.returns(1, 3, 2, []Held{{2, 1, 1}}, 0)
	r.does() // 1 failed there before
	r.answers(2, 3, 3)
	r.does("2 gets 1 attempt 2")
}

func TestNothingIsAskedBackFromAWorkerThatIsAway(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	r.warm(1, 1, 1000)
	r.add(6)
	r.Dispatch(r.now, nil)
	held := len(r.Held(1))
	if held == 0 {
		t.Fatal("nothing was handed out")
	}
	r.Away(1)
	r.wait(time.Second)
	r.ticks()
	r.Stop()
	r.does()
	r.returns(1, 2, 1, []Held{{2, 6, 1}}, 0)
	r.does("revoke 6 from 2")
}

func TestUncovered(t *testing.T) {
	list := func(h ...Held) []Held { return h }
	for _, test := range []struct{ a, b, want []Held }{
		{nil, list(Held{1, 5, 1}), nil},
		{list(Held{1, 5, 1}), nil, list(Held{1, 5, 1})},
		{list(Held{1, 5, 1}), list(Held{1, 5, 2}), list(Held{1, 5, 1})},
		{list(Held{3, 5, 1}), list(Held{1, 9, 1}), nil},
		{list(Held{1, 9, 1}), list(Held{3, 5, 1}), list(Held{1, 2, 1}, Held{8, 2, 1})},
		{list(Held{1, 3, 1}, Held{4, 3, 2}, Held{7, 3, 1}), list(Held{1, 9, 1}), list(Held{4, 3, 2})},
		{list(Held{1, 9, 1}), list(Held{1, 3, 1}, Held{4, 3, 2}, Held{7, 3, 1}), list(Held{4, 3, 1})},
		{list(Held{5, 1, 1}, Held{6, 1, 1}), list(Held{1, 5, 1}, Held{6, 9, 1}), nil},
		{list(Held{5, 2, 1}, Held{9, 2, 1}), list(Held{6, 4, 1}), list(Held{5, 1, 1}, Held{10, 1, 1})},
	} {
		if got := uncovered(test.a, test.b); !slices.Equal(got, test.want) {
			t.Errorf("of %v, %v does not cover %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

func TestCopiesOfAJobSurviveAReturn(t *testing.T) {
	t.Run("and find each other", func(t *testing.T) {
		r := slow(t, Config{})
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
		r.Away(1)
		r.returns(1, 3, 2, []Held{{2, 1, 1}}, 0)
		r.answers(2, 2, 2)
		r.does("cancel 2 at 3")
	})
	t.Run("one that did not arrive", func(t *testing.T) {
		r := slow(t, Config{})
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
		r.Away(2)
		r.returns(2, 3, 2, nil, 1)
		r.does() // the other runs
		r.counts(0, 1)
		r.answers(1, 2, 2)
		r.does()
	})
	t.Run("one that was cancelled meanwhile", func(t *testing.T) {
		r := slow(t, Config{})
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
		r.Away(1)
		r.answers(2, 2, 2)
		r.does("cancel 2 at 1") // nobody hears it
		r.returns(1, 3, 2, []Held{{2, 1, 1}}, 0)
		r.does("cancel 2 at 3")
		r.givesBack(3, 2, 2)
		r.counts(0, 0)
	})
	t.Run("of a worker that is away", func(t *testing.T) {
		r := slow(t, Config{})
		r.Away(1)
		r.wait(time.Second)
		r.ticks("2 gets 2 attempt 2")
	})
}
