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
