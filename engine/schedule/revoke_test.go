package schedule

import (
	"testing"
	"time"
)

func TestQueuedJobsAreAskedBackForAnIdleWorker(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	r.warm(1, 1, 1000)
	r.add(6)
	r.does("1 gets 2-7")
	r.join(2, 1)
	r.does() // they will be done before they could be moved
	r.wait(30 * time.Millisecond)
	r.does("revoke 6 from 1")
	r.wait(30 * time.Millisecond)
	r.does() // asked once
	r.givesBack(1, 3, 7)
	r.GaveBack(r.now, 1)
	r.does("2 gets 3")
	r.counts(4, 2)
}

func TestNothingIsAskedBackWhileJobsWait(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	r.warm(1, 1, 500)
	r.add(20)
	r.does("1 gets 2-7")
	r.wait(30 * time.Millisecond)
	r.does()
}

func TestStuckWorkerGetsNoQueueUntilItAnswers(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	r.warm(1, 1, 500)
	r.add(20)
	r.does("1 gets 2-7")
	r.wait(stuckAfter - 1)
	r.ticks()
	r.wait(1)
	r.ticks("revoke 6 from 1")
	r.givesBack(1, 3, 7)
	r.GaveBack(r.now, 1)
	r.does()
	r.join(2, 1)
	r.does("2 gets 3")
	r.wait(time.Hour)
	r.ticks()
	r.answers(1, 2, 2)
	r.Dispatch(r.now, nil)
	r.holdsOnly(1, "4-6") // a slot, and 10 ms of 250 a second
}

func TestWorkerThatGaveNothingBackIsAskedAgainLater(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	r.warm(1, 1, 1000)
	r.add(6)
	r.does("1 gets 2-7")
	r.wait(stuckAfter)
	r.ticks("revoke 6 from 1")
	r.GaveBack(r.now, 1)
	r.ticks()
	r.wait(stuckAfter)
	r.ticks("revoke 6 from 1")
}

func TestWorkerWithoutAQueueIsNotAsked(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 2)
	r.add(2)
	r.does("1 gets 1-2")
	r.join(2, 1)
	r.wait(time.Hour)
	r.ticks()
	r.does()
}
