package socket

import (
	"testing"
	"time"
)

// flow is a link, as its Meter sees it.
type flow struct {
	Meter
	rate   float64 // bytes a second that it carries
	queued int     // at each look
	unread float64 // share of the time
	far    time.Duration
	then   Sent
}

// look lets an interval pass.
func (f *flow) look(now time.Duration, all *Links) bool {
	f.then.Wrote += int(f.rate * interval.Seconds())
	f.then.Queued, f.then.Far = f.queued, f.far
	f.then.Unread += time.Duration(f.unread * float64(interval))
	return f.Look(now, f.then, all)
}

func TestMeter(t *testing.T) {
	const slow, full, idle = 12.5e6, 500 << 10, 1000
	tests := []struct {
		name  string
		links []flow
		want  bool
	}{
		{"a slow link that is full", []flow{{rate: slow, queued: full}}, true},
		{"a slow link with nothing to carry", []flow{{rate: slow, queued: idle}}, false},
		{"a slow link that is full, whose other side mostly does not read", []flow{{rate: slow, queued: full, unread: 0.6}}, false},
		{"a slow link that is full, whose other side does not always read", []flow{{rate: slow, queued: full, unread: 0.4}}, true},
		{"a slow link that is far away", []flow{{rate: slow, queued: slow * 0.2, far: 199 * time.Millisecond}}, false},
		{"a slow link that is far away, and full", []flow{{rate: slow, queued: slow * 0.2, far: 190 * time.Millisecond}}, true},
		{"a fast link that is full", []flow{{rate: 1.2e8, queued: full}}, false},
		{"slow links that are fast together", []flow{{rate: slow, queued: full}, {rate: slow, queued: full}}, false},
		{"links of 100 Mbit/s together", []flow{{rate: slow / 2, queued: full}, {rate: slow / 2, queued: full}}, true},
		{"a slow link that is full, and one with nothing to carry", []flow{{rate: slow, queued: full}, {rate: slow, queued: idle}}, true},
	}
	for _, test := range tests {
		var all Links
		now, got := time.Duration(0), false
		for range 200 {
			now += interval
			if !test.links[0].Due(now) {
				t.Fatalf("%s: no look is due at %v", test.name, now)
			}
			for i := range test.links {
				slow := test.links[i].look(now, &all)
				if i == 0 {
					got = slow
				}
			}
		}
		if got != test.want {
			t.Errorf("%s: slow is %v", test.name, got)
		}
		for i := range test.links {
			test.links[i].Forget(&all)
		}
		if all.rate < -1 || all.rate > 1 {
			t.Errorf("%s: without links they carry %g bytes a second", test.name, all.rate)
		}
	}
}

// Links that rest do not count, nor does what was seen long before.
func TestMeterForgets(t *testing.T) {
	var all Links
	one, other := flow{rate: 12.5e6, queued: 1 << 20}, flow{rate: 12.5e6, queued: 1 << 20}
	now := time.Duration(0)
	for range 10 {
		now += interval
		other.look(now, &all)
	}
	for range 300 {
		now += interval
		other.Rest(now, &all)
		one.look(now, &all)
	}
	if !one.look(now+interval, &all) {
		t.Error("a link that rests makes the other fast")
	}
	var m Meter
	m.Look(interval, Sent{Wrote: 2 << 20, Queued: 1 << 20}, &all)
	if m.Look(time.Minute, Sent{Wrote: 2 << 20}, &all) {
		t.Error("a link is slow since it had nothing to carry for a minute")
	}
}

// What is found slow again soon counts as slow for longer and longer; what was fast
// for long enough begins anew.
func TestMeterPatience(t *testing.T) {
	var m Meter
	var all Links
	now, wrote := time.Duration(0), 0
	look := func(queued int) bool {
		now += interval
		wrote += 50_000
		return m.Look(now, Sent{Wrote: wrote, Queued: queued}, &all)
	}
	slow := func() (looks int) {
		for m.slow == 0 {
			look(500 << 10)
		}
		for look(0) {
			looks++
		}
		return looks
	}
	for _, want := range []int{100, 200, 400, 800, 1600, 3200, 6400, 12800, 12800} {
		if got := slow(); got < want-1 || got > want {
			t.Errorf("it counts as slow for %d looks, want %d", got, want)
		}
	}
	for range mostPatience {
		if look(0) {
			t.Fatal("it is slow with nothing queued")
		}
	}
	if got := slow(); got < leastPatience-1 || got > leastPatience {
		t.Errorf("it counts as slow for %d looks, want %d", got, leastPatience)
	}
}
