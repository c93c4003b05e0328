package numbers

import (
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{"2\n1\n3\n", true},
		{"2\n1\n", false},
		{"2\n1\n2\n", false},
		{"2\n1\n4\n", false},
		{"2\n1\n0\n", false},
		{"2\n1\nx\n", false},
		{"2\n1\n3\n3\n", false},
	} {
		if err := NewTally(3).Read(strings.NewReader(test.text), 3); (err == nil) != test.ok {
			t.Errorf("%q: %v", test.text, err)
		}
	}
}
