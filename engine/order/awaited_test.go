package order

import (
	"bytes"
	"testing"
)

// Results that come in parts fill memory, and the disk takes nothing: each comes
// whole all the same, as long as it is smaller than the budget.
func TestResultsThatHoldEachOtherUp(t *testing.T) {
	const jobs, budget, window = 8, 256 << 10, 64 << 10
	part := bytes.Repeat([]byte("x"), 16<<10)
	const parts = budget * 3 / 4 / (16 << 10)
	for _, keep := range []bool{false, true} {
		s := New(keep, '\n', budget)
		m := newModel(t, s)
		m.fails = func() bool { return true }
		holds := make([]*Hold, jobs+1)
		sent, credit, asked := make([]int, jobs+1), make([]int, jobs+1), make([]bool, jobs+1)
		for seq := 1; seq <= jobs; seq++ {
			holds[seq], credit[seq] = s.NewHold(uint64(seq)), window
		}
		first, most := 1, int64(0)
		for moved := true; moved; {
			moved = false
			for seq := jobs; seq >= first; seq-- { // the last one has begun first
				if holds[seq] == nil || credit[seq] < len(part) {
					continue
				}
				moved = true
				credit[seq] -= len(part)
				sent[seq]++
				if s.Append(holds[seq], uint64(seq), part); sent[seq] == parts {
					s.EmitHold(Receipt{Worker: uint64(seq), Seq: uint64(seq), Count: 1}, holds[seq])
					holds[seq] = nil
				}
			}
			for first <= jobs && holds[first] == nil {
				first++
			}
			m.drain()
			most = max(most, s.Memory())
			for _, r := range s.Receipts(nil) {
				credit[r.Worker] += r.Bytes
			}
			if first <= jobs && s.Stuck() && s.Awaited() == 0 {
				if seq := s.Await(uint64(first)); seq != uint64(first) {
					t.Fatalf("keep %v: job %d comes first, want %d", keep, seq, first)
				}
				if !asked[first] {
					asked[first] = true
					credit[first] += window
				}
				moved = true
			}
		}
		if want := jobs * (parts*len(part) + 1); len(m.stdout) != want || !s.Empty() || s.Memory() != 0 {
			t.Errorf("keep %v: %d bytes written of %d, %d in memory; %d parts were sent", keep, len(m.stdout), want, s.Memory(), sent)
		}
		if most <= budget || most > 2*budget+jobs*window {
			t.Errorf("keep %v: up to %d bytes in memory, with a budget of %d", keep, most, budget)
		}
	}
}
