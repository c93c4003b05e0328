package live

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

func near(a, b float32) bool { return math.Abs(float64(a-b)) < 0.01 }

func (s Shares) near(o Shares) bool {
	return near(s.Working, o.Working) && near(s.Reading, o.Reading) && near(s.Writing, o.Writing) &&
		near(s.Waiting, o.Waiting) && near(s.Free, o.Free)
}

func (s Shares) sum() float32 { return s.Working + s.Reading + s.Writing + s.Waiting + s.Free }

// What one worker does in one second.
func TestShares(t *testing.T) {
	tests := []struct {
		name  string
		slots int
		play  func(*Lane, *Unanswered)
		want  Shares
	}{
		{"nothing to do", 2, func(*Lane, *Unanswered) {}, Shares{Free: 1}},
		{"no slots", 0, func(*Lane, *Unanswered) {}, Shares{}},
		{"a job on its way there and back", 1, func(l *Lane, _ *Unanswered) {
			l.Sent(0, 1)
			l.Answered(1000*ms, 1, 0, 100*ms, 800*ms)
		}, Shares{Writing: 0.1, Working: 0.7, Reading: 0.2}},
		{"half of the slots have a job, for half of the time", 2, func(l *Lane, _ *Unanswered) {
			l.Sent(0, 1)
			l.Answered(500*ms, 1, 0, 0, 500*ms)
		}, Shares{Working: 0.25, Free: 0.75}},
		{"a job that runs is working", 2, func(l *Lane, u *Unanswered) {
			l.Sent(0, 1)
			u.Add(0, 1)
		}, Shares{Working: 0.5, Free: 0.5}},
		{"what waits in the queue of a slot that works is not waited for", 1, func(l *Lane, _ *Unanswered) {
			l.Sent(0, 2)
			l.Answered(500*ms, 1, 0, 0, 500*ms)
			l.Answered(1000*ms, 1, 0, 500*ms, 1000*ms)
		}, Shares{Working: 1}},
		{"a queue that is still on its way", 1, func(l *Lane, u *Unanswered) {
			l.Sent(0, 3)
			l.Answered(400*ms, 1, 0, 300*ms, 400*ms)
			l.Answered(900*ms, 1, 0, 700*ms, 900*ms)
			u.Add(900*ms, 1)
		}, Shares{Working: 0.4, Writing: 0.6}},
		{"given back", 1, func(l *Lane, _ *Unanswered) {
			l.Sent(0, 1)
			l.Returned(250*ms, 1)
		}, Shares{Waiting: 0.25, Free: 0.75}},
		{"a slot more from the middle on", 1, func(l *Lane, u *Unanswered) {
			l.Sent(0, 1)
			u.Add(0, 1)
			l.Slots(500*ms, 2)
		}, Shares{Working: 2. / 3, Free: 1. / 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := NewLane(0, 0, nil)
			l, u := NewLane(0, test.slots, all), NewUnanswered(1000*ms)
			test.play(l, u)
			l.Pass(1000 * ms)
			together := NewTogether(1000*ms, all)
			together.Add(l, u)
			// The second that has just begun is empty.
			for name, strip := range map[string][]Shares{"lane": l.Strip(nil, Cells, u), "all": together.Strip()} {
				if len(strip) != 2 || !strip[0].near(test.want) {
					t.Errorf("%s: got %+v, want %+v", name, strip, test.want)
				}
			}
			if got := l.Lately(10, u); !got.near(test.want) {
				t.Errorf("lately: got %+v, want %+v", got, test.want)
			}
		})
	}
}

// Of all workers each did what it did, also those that have left.
func TestTogether(t *testing.T) {
	all := NewLane(0, 0, nil)
	works, waits, left := NewLane(0, 1, all), NewLane(0, 2, all), NewLane(0, 1, all)
	for _, l := range []*Lane{works, waits, left} {
		l.Sent(0, 1)
	}
	left.Answered(500*ms, 1, 0, 100*ms, 500*ms)
	left.Pass(500 * ms) // and then it left
	for range 5 {       // answers that are on their way while the next job runs
		works.Sent(0, 1)
		works.Answered(1000*ms, 1, 0, 0, 200*ms)
	}
	waits.Pass(1000 * ms)
	works.Pass(1000 * ms)
	together := NewTogether(1000*ms, all)
	together.Add(works, NewUnanswered(1000*ms))
	together.Add(waits, NewUnanswered(1000*ms))
	// Of 3.5 seconds: one worked, one waited, one had no job, and half a second of
	// the one that left, of which a tenth was the job on its way.
	want := Shares{Working: 1.4 / 3.5, Writing: 0.1 / 3.5, Waiting: 1 / 3.5, Free: 1 / 3.5}
	if got := together.Strip()[0]; !got.near(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What happened is corrected by answers that come later, as far back as a lane goes.
func TestPast(t *testing.T) {
	l := NewLane(0, 1, nil)
	l.Sent(0, 1)
	l.Answered(90*time.Second, 1, 0, 80*time.Second, 85*time.Second)
	strip := l.Strip(nil, Cells, NewUnanswered(90*time.Second))
	if len(strip) != Cells {
		t.Fatalf("%d cells", len(strip))
	}
	for i, got := range strip[:Cells-1] {
		second, want := 90-Cells+1+i, Shares{Writing: 1}
		if second >= 80 {
			want = Shares{Working: 1}
		}
		if second >= 85 {
			want = Shares{Reading: 1}
		}
		if !got.near(want) {
			t.Errorf("second %d: %+v, want %+v", second, got, want)
		}
	}
}

// A lane that nobody told anything for hours is empty, but for what passed.
func TestLongAgo(t *testing.T) {
	l := NewLane(0, 1, nil)
	l.Sent(0, 1)
	l.Answered(ms, 1, 0, 0, ms)
	l.Pass(3 * time.Hour)
	for i, got := range l.Strip(nil, Cells, NewUnanswered(3*time.Hour))[:Cells-1] {
		if !got.near(Shares{Free: 1}) {
			t.Errorf("cell %d: %+v", i, got)
		}
	}
}

// Whatever happens, and whatever a worker says, shares are shares.
func TestSharesAreShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var now time.Duration
		l := NewLane(0, rng.IntN(4), NewLane(0, 0, nil))
		var since []time.Duration
		for range 100 {
			now += time.Duration(rng.Int64N(int64(3 * time.Second)))
			switch rng.IntN(5) {
			case 0, 1:
				l.Sent(now, 1)
				since = append(since, now)
			case 2, 3:
				if len(since) > 0 {
					sent := since[0]
					since = since[1:]
					start := sent + time.Duration(rng.Int64N(int64(now-sent)+1))
					l.Answered(now, 1, sent, start, start+time.Duration(rng.Int64N(int64(now-start)+1)))
				}
			case 4:
				l.Slots(now, rng.IntN(4))
			}
		}
		u := NewUnanswered(now)
		for _, s := range since {
			u.Add(s, 1)
		}
		l.Pass(now)
		together := NewTogether(now, l.all)
		together.Add(l, u)
		for i, s := range append(l.Strip(together.Strip(), Cells, u), l.Lately(10, u)) {
			if sum := s.sum(); sum != 0 && !near(sum, 1) || min(s.Working, s.Reading, s.Writing, s.Waiting, s.Free) < -0.001 {
				t.Fatalf("cell %d: %+v", i, s)
			}
		}
	}
}
