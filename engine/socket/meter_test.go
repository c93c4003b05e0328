package socket

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	tests := []struct {
		name   string
		rate   float64 // bytes a second that the link carries
		queued int     // at each look
		want   bool
	}{
		{"a slow link that is full", 12.5e6, 500 << 10, true},
		{"a slow link with nothing to carry", 12.5e6, 1000, false},
		{"a fast link that is full", 1.2e9, 500 << 10, false},
	}
	for _, test := range tests {
		var m Meter
		wrote, now, got := 0, time.Duration(0), false
		for range 10 {
			now += 5 * time.Millisecond
			if !m.Due(now) {
				t.Errorf("%s: no look is due at %v", test.name, now)
			}
			wrote += int(test.rate * 0.005)
			got = m.Look(now, wrote+test.queued, test.queued)
		}
		if got != test.want {
			t.Errorf("%s: slow is %v", test.name, got)
		}
	}
}

// What is found slow again soon counts as slow for longer and longer; what was fast
// for long enough begins anew.
func TestMeterPatience(t *testing.T) {
	var m Meter
	now, wrote := time.Duration(0), 0
	look := func(queued int) bool {
		now += 5 * time.Millisecond
		wrote += 50_000
		return m.Look(now, wrote, queued)
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
