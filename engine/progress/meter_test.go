package progress

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	for _, test := range []struct {
		name  string
		total int64
		c     Counts // ten seconds after the start
		want  Figures
	}{
		{"of a pipe", unknown, Counts{Read: 1500, Done: 1000}, Figures{unknown, 100, -1}},
		{"of a file", 3000, Counts{Read: 1500, Done: 1000}, Figures{3000, 100, 20 * time.Second}},
		{"of a file that grew", 1000, Counts{Read: 2000, Done: 1000}, Figures{2000, 100, 10 * time.Second}},
		{"read to its end", unknown, Counts{Read: 1000, Done: 1000, Ended: true}, Figures{1000, 100, 0}},
		{"nothing done", 1000, Counts{Read: 1000}, Figures{1000, 0, -1}},
		{"for ever", 1 << 60, Counts{Read: 1000, Done: 1000}, Figures{1 << 60, 100, -1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := NewMeter(began, func() int64 { return test.total })
			got := m.Look(began.Add(10*time.Second), test.c)
			if got.Total != test.want.Total || got.Left < 0 != (test.want.Left < 0) || got.Left.Round(time.Second) != test.want.Left.Round(time.Second) || got.Rate < 0.99*test.want.Rate || got.Rate > 1.01*test.want.Rate {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
