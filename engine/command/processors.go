package command

import (
	"runtime"
	"sync"
)

// mostSpare bounds what many slots cost: each processor takes some memory.
const mostSpare = 64

// processors is what the Go scheduler calls processors, one more for each slot.
// A slot spends nearly all of its time in a system call: if it has to give its
// processor up each time, another thread looks out for that every 20 µs, at the
// cost of some percent of the jobs.
var processors spares

type spares struct {
	mu    sync.Mutex
	slots int
	usual int // without slots
}

// change notes that there are so many more slots.
func (p *spares) change(more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots == 0 {
		p.usual = runtime.GOMAXPROCS(0)
	}
	p.slots += more
	if want := p.usual + min(p.slots, mostSpare); want != runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(want)
	}
}
