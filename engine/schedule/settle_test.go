package schedule

import "testing"

func TestAnswerForWhatIsNotHeldChangesNothing(t *testing.T) {
	r := newRig(t, Config{Retries: 2})
	r.add(6)
	r.join(1, 3)
	r.join(2, 3)
	r.does("1 gets 1-3", "2 gets 4-6")
	r.answers(2, 5, 5)
	for _, c := range []struct {
		name   string
		worker WorkerID
		seq    uint64
		count  int
	}{
		{"another's", 1, 4, 1},
		{"one too many", 1, 2, 3},
		{"one before", 2, 3, 2},
		{"answered already", 2, 5, 1},
		{"over a gap", 2, 4, 3},
		{"not read yet", 1, 7, 1},
		{"of no worker", 9, 1, 1},
		{"job 0", 1, 0, 1},
	} {
		if n, _ := r.Answer(r.now, c.worker, c.seq, c.count); n > 0 {
			t.Errorf("%s: the answer was taken", c.name)
		}
		if r.GiveBack(r.now, c.worker, c.seq, c.count) {
			t.Errorf("%s: the jobs were taken back", c.name)
		}
		if c.count == 1 && r.Failed(r.now, c.worker, c.seq, 1).Held {
			t.Errorf("%s: the failure was taken", c.name)
		}
		r.counts(0, 5)
		r.holdsOnly(1, "1-3")
		r.holdsOnly(2, "4", "6")
		r.does()
	}
	if r.Failed(r.now, 1, 1, 2).Held {
		t.Error("a failure of an attempt that never was is taken")
	}
	r.answers(1, 1, 3)
	r.answers(2, 4, 4)
	r.answers(2, 6, 6)
	r.counts(0, 0)
}

func TestAnswersInAnyOrderAndAcrossLeases(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 4)
	r.add(2)
	r.does("1 gets 1-2")
	r.add(2)
	r.does("1 gets 3-4")
	r.answers(1, 2, 3)
	r.holdsOnly(1, "1", "4")
	r.answers(1, 4, 4)
	r.answers(1, 1, 1)
	r.counts(0, 0)
}

func TestDoneWhenEveryJobIsSettled(t *testing.T) {
	r := newRig(t, Config{MaxLost: 1})
	r.add(2)
	r.join(1, 1)
	r.does("1 gets 1")
	r.answers(1, 1, 1)
	r.does("1 gets 2")
	r.leave(1)
	r.EndOfInput()
	if r.Done() {
		t.Error("done before the caller was told which job is given up")
	}
	r.does("give up 2")
	if !r.Done() {
		t.Error("not done")
	}
}

func TestFailedJobRunsElsewhere(t *testing.T) {
	r := newRig(t, Config{Retries: 2})
	r.add(1)
	r.join(1, 2)
	r.join(2, 1)
	r.does("1 gets 1")
	r.fails(1, 1, 1)
	r.does("2 gets 1 attempt 2")
	r.fails(2, 1, 2)
	r.does("1 gets 1 attempt 3") // it has failed everywhere
	r.failsForGood(1, 1, 3)
	r.counts(0, 0)
}

func TestFailedJobWaitsForABusyWorkerWhereItHasNotFailed(t *testing.T) {
	r := newRig(t, Config{Retries: 1})
	r.add(2)
	r.join(1, 1)
	r.does("1 gets 1")
	r.join(2, 1)
	r.does("2 gets 2")
	r.fails(1, 1, 1)
	r.add(1)
	r.does("1 gets 3")
	r.answers(2, 2, 2)
	r.does("2 gets 1 attempt 2")
}

func TestFailedJobRunsOnTheSameWorkerWhenThereIsNoOther(t *testing.T) {
	for _, c := range []struct {
		name string
		left func(*rig)
	}{
		{"never was", func(r *rig) {}},
		{"left", func(r *rig) { r.join(2, 1); r.leave(2) }},
		{"takes no jobs", func(r *rig) { r.join(2, 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Config{Retries: 1})
			r.join(1, 1)
			r.add(1)
			r.does("1 gets 1")
			c.left(r)
			r.fails(1, 1, 1)
			r.does("1 gets 1 attempt 2")
		})
	}
}

func TestNoRetriesByDefault(t *testing.T) {
	r := newRig(t, Config{})
	r.add(3)
	r.join(1, 3)
	r.does("1 gets 1-3")
	r.failsForGood(1, 2, 1)
	r.holdsOnly(1, "1", "3")
}

func TestGivenBackJobsGoElsewhereUncharged(t *testing.T) {
	r := newRig(t, Config{MaxLost: 1})
	r.add(5)
	r.join(1, 4)
	r.does("1 gets 1-4")
	r.Slots(r.now, 1, 0)
	r.givesBack(1, 2, 3)
	r.join(2, 4)
	r.does("2 gets 2-3", "2 gets 5") // what has waited longest first
	r.holdsOnly(1, "1", "4")
	r.givesBack(2, 2, 2)
	r.does("2 gets 2")
}

func TestStopDropsWhatWaitsAndAsksBackWhatIsQueued(t *testing.T) {
	r := newRig(t, Config{Retries: 3, MaxLost: 2})
	r.join(1, 2)
	r.warm(1, 2, 500)
	r.add(20)
	r.does("1 gets 3-9")
	r.Stop()
	r.does("revoke 7 from 1")
	r.does() // once
	r.givesBack(1, 5, 9)
	r.GaveBack(r.now, 1)
	r.counts(0, 2)
	r.add(3)
	r.counts(0, 2)
	r.join(2, 4)
	r.does()
	r.answers(1, 3, 3)
	r.failsForGood(1, 4, 1)
	r.does()
	if !r.Done() {
		t.Error("not done")
	}
}

func TestStopForgetsTheJobsOfAVanishedWorker(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(4)
	r.join(1, 2)
	r.does("1 gets 1-2")
	r.Stop()
	r.leave(1)
	r.does()
	if !r.Done() {
		t.Error("not done")
	}
}
