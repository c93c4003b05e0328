package machine

import "testing"

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		load   float64
		free   int64
		why    [2]string // by load, by memory
	}{
		{Limits{Load: 2, Free: 1 << 30}, 2, 1 << 30, [2]string{}},
		{Limits{Load: 2, Free: 1 << 30}, 2.01, 1<<30 - 1<<20, [2]string{
			"the load is 2.01, above 2", "1023 MiB of memory are free, less than 1.0 GiB"}},
		{Limits{Load: 0.5, Free: 1}, 64, 0, [2]string{
			"the load is 64.00, above 0.5", "0 B of memory are free, less than 1 B"}},
	} {
		got := [2]string{c.limits.byLoad(c.load), c.limits.byMemory(memory{total: 1 << 40, available: c.free})}
		if got != c.why {
			t.Errorf("%+v at %v and %d: got %q, want %q", c.limits, c.load, c.free, got, c.why)
		}
	}
}
