package server

import (
	"fmt"
	"slices"
	"testing"
)

func TestGrumblesAreFew(t *testing.T) {
	var said []string
	s := &Server{Config: Config{Log: Log{Warn: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }}}}
	for i := range maxGrumbles + 7 {
		s.grumble("worker %d is lost", i)
	}
	s.awake = grumbleTime - 1
	s.grumble("one more is lost")
	if len(said) != maxGrumbles {
		t.Fatalf("%d lines are said, want %d", len(said), maxGrumbles)
	}
	s.awake = grumbleTime
	s.grumble("another is lost")
	if got, want := said[maxGrumbles:], []string{"8 more workers were cut off or lost since", "another is lost"}; !slices.Equal(got, want) {
		t.Errorf("then it says %q, want %q", got, want)
	}
	// Those of a quiet time are not held against those that follow.
	said = nil
	for range 5 {
		s.awake += grumbleTime
		s.grumble("one is lost")
	}
	if len(said) != 5 {
		t.Errorf("%q is said", said)
	}
}
