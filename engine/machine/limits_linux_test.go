package machine

import (
	"strings"
	"testing"
)

func TestParseLoad(t *testing.T) {
	for text, want := range map[string]float64{
		"0.00 0.01 0.05 1/123 4567\n":       0,
		"12.34 8.00 4.50 17/1200 4194304\n": 12.34,
	} {
		if got, ok := parseLoad(text); got != want || !ok {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "\n", "much 1 1"} {
		if got, ok := parseLoad(text); ok {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestParseMemory(t *testing.T) {
	got, ok := parseMemory("MemTotal:       16284 kB\nMemFree:        1 kB\nMemAvailable:   8142 kB\nHugePages_Total:  5\n")
	if want := (memory{16284 << 10, 8142 << 10}); got != want || !ok {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	for _, text := range []string{"", "MemTotal: 5 kB\n", "MemAvailable: 5 kB\n", "MemTotal: 5 kB\nMemAvailable: x kB\n"} {
		if got, ok := parseMemory(text); ok {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// The machine that runs this has some memory free, but not all of it.
func TestLimitsOfThisMachine(t *testing.T) {
	m, err := readMemory()
	if err != nil {
		t.Fatal(err)
	}
	most := Limits{Free: m.total - 1}
	if err := most.Check(); err != nil {
		t.Error(err)
	}
	if why := most.Exceeded(); !strings.Contains(why, "of memory are free, less than") {
		t.Errorf("all memory is free: %q", why)
	}
	if err := (Limits{Free: m.total}).Check(); err == nil || !strings.Contains(err.Error(), "nothing would ever run") {
		t.Errorf("got %v", err)
	}
	generous := Limits{Load: 1e9, Free: 1}
	if err := generous.Check(); err != nil {
		t.Error(err)
	}
	if why := generous.Exceeded(); why != "" {
		t.Errorf("got %q", why)
	}
}
