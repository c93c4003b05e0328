package server

import (
	"testing"

	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// crowded is a server with that many workers and memory for their results.
func crowded(workers int, memory int64) *Server {
	s := &Server{Config: Config{Window: memory, Stage: order.New(false, '\n', memory)}, peers: map[schedule.WorkerID]*peer{}}
	for i := range workers {
		s.peers[schedule.WorkerID(i+1)] = &peer{}
	}
	return s
}

func TestShare(t *testing.T) {
	for _, test := range []struct {
		workers int
		memory  int64
		want    int
	}{
		{1, 1 << 30, mostWindow},
		{1, 9 << 20, 1 << 20},
		{92, 100 << 20, 1 << 20},
		{10_000, 1 << 20, leastWindow},
	} {
		if got := crowded(test.workers, test.memory).share(); got != test.want {
			t.Errorf("%d workers share %d bytes: %d each, want %d", test.workers, test.memory, got, test.want)
		}
	}
}

func TestResize(t *testing.T) {
	for _, test := range []struct {
		name                string
		workers             int
		begun, window, owed int
		wantWindow          int
		preferred           uint64
	}{
		{"grows by what was used", 1, 100 << 10, 100 << 10, 60 << 10, 160 << 10, 0},
		{"grows to its share", 1, 100 << 10, 1000 << 10, 900 << 10, 1 << 20, 0},
		{"nothing was used", 1, 100 << 10, 100 << 10, 0, 100 << 10, 0},
		{"shrinks by what is not paid", 1000, 4 << 10, 1000 << 10, 300 << 10, 700 << 10, 0},
		{"shrinks to what it began with", 1000, 100 << 10, 200 << 10, 150 << 10, 100 << 10, 0},
		{"has what it began with", 1000, 100 << 10, 100 << 10, 50 << 10, 100 << 10, 0},
		{"has more for a result that is preferred", 1000, 100 << 10, 100<<10 + preferCredit, 50 << 10, 100<<10 + preferCredit, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := crowded(test.workers, 9<<20)
			p := &peer{begun: test.begun, window: test.window, owed: test.owed, preferred: test.preferred}
			s.resize(p)
			if p.window != test.wantWindow {
				t.Errorf("the window is %d, want %d", p.window, test.wantWindow)
			}
			// What the worker may still send changes by what it is paid, and nothing else.
			if before := test.window - test.owed; p.window-p.owed != before {
				t.Errorf("it has %d without being paid, had %d", p.window-p.owed, before)
			}
		})
	}
}

// What workers may send at any time, beyond the memory that there is for it, is
// taken from that for results, as long as they are there.
func TestWindowsThatAreMoreThanThereIsMemory(t *testing.T) {
	const memory = 1 << 20
	s := crowded(0, memory)
	var peers []*peer
	for range 2 * memory / leastWindow {
		p := &peer{left: func() {}}
		s.enlarge(p, leastWindow)
		peers = append(peers, p)
	}
	held := order.Receipt{Worker: 1, Bytes: memory / 2}
	h := s.Stage.NewHold(1)
	s.Stage.Append(h, 1, make([]byte, memory/2))
	if got := s.Stage.Receipts(nil); len(got) > 0 {
		t.Errorf("credit returns that there is no memory for: %v", got)
	}
	for _, p := range peers[:len(peers)*3/4] {
		s.enlarge(p, -p.window)
	}
	if got := s.Stage.Receipts(nil); len(got) != 1 || got[0] != held {
		t.Errorf("%v returns, want %v", got, held)
	}
}
