package order

import (
	"bytes"
	"testing"
)

// While stdout blocks, each small result that fills a gap between spilled ones
// is a write of its own. It must not cost a whole buffer.
func TestGapsThatAreFilledWhileStdoutBlocks(t *testing.T) {
	const jobs, budget = 400, 1 << 20
	s := New(true, '\n', budget)
	m := newModel(t, s)
	frame := bytes.Repeat([]byte("x"), 40<<10)
	for seq := uint64(2); seq <= jobs; seq += 2 {
		s.Emit(one(seq, 0), frame)
		m.drain()
	}
	for seq := uint64(1); seq <= jobs; seq += 2 {
		s.Emit(one(seq, 0), []byte("small\n"))
		m.take()
	}
	if s.Memory() > 2*budget {
		t.Errorf("%d bytes of memory, the budget is %d", s.Memory(), budget)
	}
	m.drain()
	if want := jobs / 2 * (len(frame) + len("\nsmall\n")); len(m.stdout) != want || !s.Empty() {
		t.Errorf("%d bytes written, want %d; empty %v", len(m.stdout), want, s.Empty())
	}
}
