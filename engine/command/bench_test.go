package command

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkTwoSlots runs cat in two slots; an operation is one job.
func BenchmarkTwoSlots(b *testing.B) {
	c, err := New([]string{"cat"}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	var seq atomic.Int64
	var slots sync.WaitGroup
	for n := range 2 {
		s, err := c.Slot(n + 1)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		slots.Go(func() {
			for seq.Add(1) <= int64(b.N) {
				r, err := s.Run(context.Background(), Job{Record: []byte("12345\n"), Delim: '\n'})
				if err != nil || r.Stdout.Len() != 6 {
					b.Error(r, err)
				}
			}
		})
	}
	slots.Wait()
}

// BenchmarkXargs is what it is measured against.
func BenchmarkXargs(b *testing.B) {
	x := exec.Command("xargs", "-P2", "-I{}", "cat")
	x.Stdin = strings.NewReader(strings.Repeat("12345\n", b.N))
	x.Stdout = io.Discard
	if err := x.Run(); err != nil {
		b.Fatal(err)
	}
}
