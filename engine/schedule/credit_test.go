package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

func TestNewWorkerGetsOneJobASlot(t *testing.T) {
	r := newRig(t, Config{})
	r.add(10)
	r.join(1, 3)
	r.does("1 gets 1-3")
	r.counts(7, 3)
	r.does()
}

func TestIdleWorkersShareEvenly(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 8)
	r.join(2, 8)
	r.join(3, 8)
	r.add(6)
	r.does("1 gets 1-3", "2 gets 4-5", "3 gets 6")
}

func TestCreditGrowsWithTheRateShown(t *testing.T) {
	for _, c := range []struct {
		perSecond int
		rtt       time.Duration
		want      int
	}{
		{1, 0, 4},
		{10, 100 * time.Millisecond, 4 + 2}, // 1.1 jobs in 110 ms
		{50, 10 * time.Millisecond, 4 + 1},  // each slot would wait for 10 ms in 90
		{20, 10 * time.Millisecond, 4},      // and here in 210
		{1000, 0, 4 + 10},
		{4000, 15 * time.Millisecond, 4 + 100},
	} {
		t.Run(fmt.Sprintf("%d a second, round trip %v", c.perSecond, c.rtt), func(t *testing.T) {
			r := newRig(t, Config{})
			r.join(1, 4)
			if c.rtt > 0 {
				r.RoundTrip(1, c.rtt)
				r.RoundTrip(1, 2*c.rtt) // the least counts
			}
			r.warm(1, 4, c.perSecond)
			r.add(1000)
			r.Dispatch(r.now, nil)
			if r.Leased() != c.want {
				t.Errorf("the worker was given %d jobs, want %d", r.Leased(), c.want)
			}
		})
	}
}

func TestJobsOfASecondGetNoQueue(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 2)
	r.RoundTrip(1, 50*time.Millisecond)
	r.add(10)
	r.does("1 gets 1-2")
	for seq := uint64(1); seq < 5; seq++ {
		r.wait(time.Second)
		r.answers(1, seq, seq)
		r.does(fmt.Sprintf("1 gets %d", seq+2))
	}
}

// Jobs that were begun together end together, a moment apart. That says nothing about
// how fast the worker is, which does 30 in a second.
func TestJobsThatEndTogetherGetNoDeepQueue(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 3)
	r.RoundTrip(1, 500*time.Millisecond)
	r.add(1000)
	r.Dispatch(r.now, nil)
	for seq := uint64(1); seq < 100; seq += 3 {
		r.wait(97 * time.Millisecond)
		for i := range uint64(3) {
			r.wait(time.Millisecond)
			r.answers(1, seq+i, seq+i)
			r.Dispatch(r.now, nil)
			if r.Leased() > 3+16 {
				t.Fatalf("after %d jobs the worker has %d", seq+i, r.Leased())
			}
		}
	}
	if r.Leased() < 3+15 {
		t.Errorf("the worker has %d jobs, fewer than its round trip lasts", r.Leased())
	}
}

func TestOnlyStartedJobsAreAtRiskWithMaxLostOne(t *testing.T) {
	r := newRig(t, Config{MaxLost: 1})
	r.join(1, 4)
	r.warm(1, 4, 1000)
	r.add(100)
	r.does("1 gets 5-8")
}

// While the slots are busy the queue is filled up only when a good part of it
// is free.
func TestQueueIsRefilledInGoodPieces(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 2)
	r.warm(1, 2, 1000)
	r.add(100)
	r.does("1 gets 3-14") // 2 slots and 10 ms of 1000 a second
	r.wait(time.Millisecond)
	r.answers(1, 3, 3)
	r.does() // room for one only
	r.wait(time.Millisecond)
	r.answers(1, 4, 4)
	r.does("1 gets 15-16")
}

func TestFreeSlotIsFilledAtOnce(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 2)
	r.warm(1, 2, 2000)
	r.add(1)
	r.does("1 gets 3")
	r.add(1)
	r.does("1 gets 4")
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	record := strings.Repeat("x", 1<<20-1) + "\n"
	for rtt, want := range map[time.Duration]int{
		50 * time.Microsecond: 2 + 2, // one a slot, and hardly a megabyte is one
		20 * time.Millisecond: 2 + 4,
		time.Second:           2 + 8,
	} {
		r := newRig(t, Config{})
		r.join(1, 2)
		r.RoundTrip(1, rtt)
		r.warm(1, 2, 2000)
		for range 20 {
			r.Add(batch.Range{Seq: r.next, Count: 1, Data: []byte(record)})
			r.next++
		}
		r.Dispatch(r.now, nil)
		if r.Leased() != want {
			t.Errorf("%v away: %d jobs of a MiB were handed out, want %d", rtt, r.Leased(), want)
		}
	}
}

// A fast worker has no job at all for most of the time: it is measured over
// many short bursts.
func TestShortBurstsAreMeasured(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	for range 12 {
		r.add(1)
		seq := r.next - 1
		r.Dispatch(r.now, nil)
		r.wait(100 * time.Microsecond)
		r.answers(1, seq, seq)
		r.Dispatch(r.now, nil)
		r.wait(time.Second)
	}
	r.add(100)
	r.Dispatch(r.now, nil)
	if got := r.Leased(); got < 80 || got > 120 {
		t.Errorf("at 10,000 jobs a second, it has %d", got)
	}
}

func TestLeaseIsCutToTheFrame(t *testing.T) {
	r := newRig(t, Config{MaxBytes: 6})
	r.join(1, 4)
	r.add(8)
	r.does("1 gets 1-3", "1 gets 4")
}

func TestSlotsChange(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 1)
	r.add(10)
	r.does("1 gets 1")
	r.Slots(r.now, 1, 3)
	r.does("1 gets 2-3")
	r.Slots(r.now, 1, 0)
	r.answers(1, 1, 3)
	r.does()
	r.Slots(r.now, 1, 1)
	r.does("1 gets 4")
}

func TestQueueGrowsWhenTheRoundTripIsKnown(t *testing.T) {
	r := newRig(t, Config{})
	r.join(1, 4)
	r.warm(1, 4, 2000)
	r.add(1000)
	r.does("1 gets 5-28")
	r.RoundTrip(1, 15*time.Millisecond)
	r.does("1 gets 29-58")
}

func TestLateWorkerGetsWhatWaits(t *testing.T) {
	r := newRig(t, Config{})
	r.add(3)
	r.does()
	r.join(1, 1)
	r.does("1 gets 1")
	r.join(2, 1)
	r.does("2 gets 2")
}

// A worker that is far away is kept busy all the same, also one with a single
// slot, which shows no rate but that of its round trips until it has a queue.
func TestQueueCoversTheRoundTrip(t *testing.T) {
	for _, test := range []struct {
		slots     int
		took, rtt time.Duration
	}{
		{1, 10 * time.Millisecond, 100 * time.Millisecond},
		{1, 10 * time.Millisecond, 300 * time.Microsecond},
		{1, 100 * time.Millisecond, 100 * time.Millisecond},
		{1, time.Millisecond, 300 * time.Millisecond},
		{100, 10 * time.Millisecond, 50 * time.Microsecond},
		{100, time.Second, 100 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%d slots, %v, %v away", test.slots, test.took, test.rtt), func(t *testing.T) {
			r := newRig(t, Config{})
			r.join(1, test.slots)
			r.RoundTrip(1, test.rtt)
			r.add(20_000)
			free := make([]time.Duration, test.slots) // when each slot is
			var answers []time.Duration               // when they arrive; answer n is to job n+1
			busy, warm := 0, 20*test.took+20*test.rtt
			seq, end := uint64(1), warm+20*(test.took+test.rtt)
			for r.now < end {
				for _, a := range r.Dispatch(r.now, nil) {
					for range a.Range.Count {
						slot := 0
						for i := range free {
							if free[i] < free[slot] {
								slot = i
							}
						}
						free[slot] = max(free[slot], r.now+test.rtt/2) + test.took
						answers = append(answers, free[slot]+test.rtt/2)
					}
				}
				if r.now = answers[0]; r.now >= warm && r.now < end {
					busy++
				}
				answers = answers[1:]
				r.answers(1, seq, seq)
				seq++
			}
			possible := float64(end-warm) / float64(test.took) * float64(test.slots)
			if share := float64(busy) / possible; share < 0.9 {
				t.Errorf("the slots are busy for %.0f %% of the time", 100*share)
			}
		})
	}
}
