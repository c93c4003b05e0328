package halt

import (
	"strings"
	"testing"
)

func TestReached(t *testing.T) {
	all := func(done, failed, read int64) Tally { return Tally{done, failed, read, true} }
	for _, test := range []struct {
		when  string
		tally Tally
		want  bool
	}{
		{"never", all(10, 10, 10), false},
		{"0", all(10, 10, 10), false},
		{"soon,fail=1", all(9, 0, 10), false},
		{"soon,fail=1", all(1, 1, 10), true},
		{"1", all(1, 1, 10), true},
		{"now,fail=3", all(9, 2, 10), false},
		{"now,fail=3", all(9, 4, 10), true},
		{"now,success=2", all(9, 8, 10), false},
		{"now,success=2", all(9, 7, 10), true},
		{"-2", all(3, 2, 10), true},
		{"soon,done=5", all(4, 4, 10), false},
		{"soon,done=5", all(5, 1, 10), true},
		{"now,fail=10%", all(50, 9, 100), false},
		{"now,fail=10%", all(50, 10, 100), true},
		{"10%", all(50, 10, 100), true},
		{"now,fail=10%", Tally{50, 40, 100, false}, false},
		{"now,fail=1%", all(3, 0, 3), false},
		{"soon,done=100%", all(99, 0, 100), false},
		{"soon,done=100%", all(100, 0, 100), true},
	} {
		var w When
		if err := w.UnmarshalText([]byte(test.when)); err != nil {
			t.Errorf("%s: %v", test.when, err)
		}
		if got := w.Reached(test.tally); got != test.want {
			t.Errorf("%s at %+v: %v", test.when, test.tally, got)
		}
	}
}

func TestUnmarshalText(t *testing.T) {
	for said, want := range map[string]string{
		"never": "never", "0": "never", "2": "now,fail=1", "-1": "soon,success=1", "7%": "soon,fail=7%", "now,done=10": "now,done=10",
	} {
		var w When
		if err := w.UnmarshalText([]byte(said)); err != nil || w.String() != want || w.Now() != strings.HasPrefix(want, "now") {
			t.Errorf("%s is %s (now: %v), %v", said, w, w.Now(), err)
		}
	}
	for _, said := range []string{
		"", "soon", "now", "now,", "now,fail", "now,fail=", "now,fail=0", "now,fail=-1", "now,fail=101%", "0%", "later,fail=1",
		"now,failure=1", "now,fail=1,done=2", "now,fail=x", "now,fail=1.5%", "3", "now,fail=99999999999999999999",
	} {
		var w When
		if err := w.UnmarshalText([]byte(said)); err == nil {
			t.Errorf("%q is taken for %s", said, w)
		}
	}
}
