package schedule

import (
	"testing"
	"time"
)

func TestJobsOfAVanishedWorkerRunElsewhere(t *testing.T) {
	r := newRig(t, Config{MaxLost: 3})
	r.add(4)
	r.join(1, 3)
	r.does("1 gets 1-3")
	r.answers(1, 2, 2)
	r.leave(1)
	r.counts(3, 0)
	r.join(2, 9)
	// One after the other: each was a lease of its own.
	r.does("2 gets 1 attempt 2", "2 gets 3 attempt 2", "2 gets 4")
}

func TestJobsLostTogetherAreTriedInSmallerCompany(t *testing.T) {
	r := newRig(t, Config{MaxLost: 3})
	r.add(100)
	r.join(1, 100)
	r.does("1 gets 1-100")
	r.leave(1)
	r.join(2, 10)
	r.join(3, 100)
	r.does("2 gets 1-10 attempt 2", "3 gets 11-20 attempt 2", "3 gets 21-30 attempt 2", "3 gets 31-40 attempt 2",
		"3 gets 41-50 attempt 2", "3 gets 51-60 attempt 2", "3 gets 61-70 attempt 2", "3 gets 71-80 attempt 2",
		"3 gets 81-90 attempt 2", "3 gets 91-100 attempt 2")
}

func TestJobOneLossFromBeingGivenUpRunsAlone(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(3)
	r.join(1, 2)
	r.does("1 gets 1-2")
	r.leave(1)
	r.join(2, 8)
	r.does("2 gets 1 attempt 2") // and nothing beside it
	r.answers(2, 1, 1)
	r.does("2 gets 2 attempt 2")
	r.leave(2)
	r.join(3, 8)
	r.does("give up 2", "3 gets 3")
}

func TestWorkerIsEmptiedForAJobThatRunsAlone(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(1)
	r.join(1, 1)
	r.does("1 gets 1")
	r.join(2, 2)
	r.add(9)
	r.does("2 gets 2-3")
	r.leave(1)
	r.does()
	r.answers(2, 2, 2)
	r.does()
	r.answers(2, 3, 3)
	r.does("2 gets 1 attempt 2")
	r.answers(2, 1, 1)
	r.does("2 gets 4-5")
}

// A worker that is being emptied may be busy with a job of an hour.
func TestEmptyWorkerTakesTheJobForWhichAnotherIsBeingEmptied(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(1)
	r.join(1, 1)
	r.does("1 gets 1")
	r.join(2, 2)
	r.join(3, 3)
	r.add(6)
	r.does("2 gets 2-3", "3 gets 4-6")
	r.leave(1) // worker 2 is being emptied
	r.does()
	r.answers(2, 2, 2)
	r.does()
	r.answers(3, 4, 6)
	r.does("3 gets 1 attempt 2", "2 gets 7")
}

// The number of workers emptied is bounded; a worker with nothing else to do
// need not be emptied.
func TestIdleWorkersRunJobsAloneBeyondAQuarter(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(3)
	r.join(1, 3)
	r.does("1 gets 1-3")
	r.leave(1)
	for id := WorkerID(2); id < 6; id++ {
		r.join(id, 2)
	}
	r.does("2 gets 1 attempt 2", "3 gets 2 attempt 2", "4 gets 3 attempt 2")
}

func TestRunningJobsAloneDoesNotKeepTheNextOneWaiting(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(2)
	r.join(1, 1)
	r.join(2, 1)
	r.does("1 gets 1", "2 gets 2")
	for id := WorkerID(11); id <= 18; id++ {
		r.join(id, 2)
	}
	r.add(100)
	r.Dispatch(r.now, nil)
	r.leave(1)
	r.does()
	r.answers(11, 3, 4)
	r.does("11 gets 1 attempt 2")
	r.leave(2)
	r.does()
	r.answers(12, 5, 6) // while job 1 runs for an hour
	r.does("12 gets 2 attempt 2")
}

// A job that may be poisonous and has failed besides must not be run beside
// others either.
func TestFailedJobThatWasLostStillRunsAlone(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2, Retries: 1})
	r.add(1)
	r.join(1, 1)
	r.does("1 gets 1")
	r.leave(1)
	r.join(2, 4)
	r.does("2 gets 1 attempt 2")
	r.add(2)
	r.fails(2, 1, 2)
	r.does("2 gets 1 attempt 3")
	r.answers(2, 1, 1)
	r.does("2 gets 2-3")
}

func TestJobThatRunsAloneAvoidsWhereItFailed(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2, Retries: 1})
	r.add(1)
	r.join(1, 1)
	r.does("1 gets 1")
	r.leave(1)
	r.join(2, 4)
	r.does("2 gets 1 attempt 2")
	r.join(3, 4)
	r.fails(2, 1, 2)
	r.does("3 gets 1 attempt 3")
}

func TestGivenBackJobOfAVanishedWorkerKeepsItsLosses(t *testing.T) {
	r := newRig(t, Config{MaxLost: 2})
	r.add(1)
	r.join(1, 1)
	r.does("1 gets 1")
	r.leave(1)
	r.join(2, 1)
	r.does("2 gets 1 attempt 2")
	r.Slots(r.now, 2, 0)
	r.givesBack(2, 1, 1)
	r.leave(2)
	r.join(3, 1)
	r.does("3 gets 1 attempt 2")
	r.leave(3)
	r.does("give up 1")
}

func TestMaxLostOneGivesUpAtOnce(t *testing.T) {
	r := newRig(t, Config{MaxLost: 1})
	r.add(4)
	r.join(1, 2)
	r.does("1 gets 1-2")
	r.leave(1)
	r.join(2, 2)
	r.does("give up 1-2", "2 gets 3-4")
}

// One job among ten thousand ends every worker that runs it. Each worker here
// answers all it holds that comes before the poison, then vanishes.
func TestPoisonAmongThousandsIsNamedAlone(t *testing.T) {
	for maxLost := 2; maxLost <= 4; maxLost++ {
		const jobs, poison = 10_000, 6_789
		r := newRig(t, Config{MaxLost: maxLost})
		r.add(jobs)
		r.EndOfInput()
		answered := make([]int, jobs+1)
		var givenUp []string
		id, lost := WorkerID(0), 0
		for id < 4 {
			id++
			r.join(id, 1)
			r.RoundTrip(id, 50*time.Millisecond)
		}
		for round := 0; !r.Done(); round++ {
			if round > 100_000 {
				t.Fatal("no end")
			}
			for _, a := range r.Dispatch(r.now, nil) {
				if text := r.tell(a); a.Kind == GiveUp {
					givenUp = append(givenUp, text)
				}
			}
			r.wait(time.Millisecond)
			for w := WorkerID(1); w <= id; w++ {
				for _, h := range r.Held(w) {
					n := h.Count
					if h.Seq <= poison && poison < h.End() {
						n = int(poison - h.Seq)
					}
					for seq := h.Seq; seq < h.Seq+uint64(n); seq++ {
						answered[seq]++
					}
					if n > 0 {
						r.answers(w, h.Seq, h.Seq+uint64(n)-1)
					}
					if n < h.Count {
						r.leave(w)
						lost++
						id++
						r.join(id, 1)
						r.RoundTrip(id, 50*time.Millisecond)
						break
					}
				}
			}
		}
		if len(givenUp) != 1 || givenUp[0] != "give up 6789" {
			t.Errorf("max-lost %d: %v, want to give up 6789 alone", maxLost, givenUp)
		}
		if lost != maxLost {
			t.Errorf("max-lost %d: %d workers were lost", maxLost, lost)
		}
		for seq, n := range answered[1:] {
			if want := 1; n != want && seq+1 != poison {
				t.Fatalf("max-lost %d: job %d was answered %d times", maxLost, seq+1, n)
			}
		}
	}
}
