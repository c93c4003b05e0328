package batch

import "sync"

// BlockSize is how much of stdin is read into one block: large enough that
// counting and copying dwarf the bookkeeping, small enough for the cache.
const BlockSize = 256 << 10

// A Block is a piece of memory that ranges point into. It goes back to its
// pool when every job in it is released and its filler has closed it.
type Block struct {
	Buf  []byte
	pool *Pool
	refs int // jobs not yet released, and one for the filler; guarded by pool.mu
}

// A Pool lends blocks and bounds how much memory they take together. Its
// methods may be called from any goroutine.
type Pool struct {
	mu     sync.Mutex
	room   sync.Cond
	free   [][]byte
	out    int64 // bytes lent
	budget int64
	closed bool
}

// keepFree is how many unused blocks a pool keeps for reuse.
const keepFree = 32

// NewPool returns a pool that makes its user wait while budget bytes are lent.
func NewPool(budget int64) *Pool {
	p := &Pool{budget: budget}
	p.room.L = &p.mu
	return p
}

// Get lends an empty block of BlockSize, waiting while the budget is spent.
// It returns nil when the pool is closed.
func (p *Pool) Get() *Block {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.out >= p.budget && !p.closed {
		p.room.Wait()
	}
	if p.closed {
		return nil
	}
	b := &Block{pool: p, refs: 1}
	if n := len(p.free); n > 0 {
		b.Buf, p.free = p.free[n-1], p.free[:n-1]
	} else {
		b.Buf = make([]byte, BlockSize)
	}
	p.out += int64(len(b.Buf))
	return b
}

// Exhausted reports whether the budget is spent: the next Get would wait.
func (p *Pool) Exhausted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out >= p.budget
}

// Close wakes the waiting user for good.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.room.Broadcast()
}

// Grow doubles the block's memory, for a record that does not fit. Only its
// filler calls it, while no range points into the block.
func (b *Block) Grow() {
	bigger := make([]byte, 2*len(b.Buf))
	copy(bigger, b.Buf)
	b.pool.mu.Lock()
	b.pool.out += int64(len(bigger) - len(b.Buf))
	b.pool.mu.Unlock()
	b.Buf = bigger
}

// Add counts n more jobs that point into the block.
func (b *Block) Add(n int) {
	b.pool.mu.Lock()
	b.refs += n
	b.pool.mu.Unlock()
}

// Release says that n jobs need the block no more; its filler releases the one
// reference it was given by Get. A nil block is allowed.
func (b *Block) Release(n int) {
	if b == nil {
		return
	}
	p := b.pool
	p.mu.Lock()
	b.refs -= n
	if b.refs < 0 {
		panic("batch: block released more often than referred to")
	}
	last := b.refs == 0
	if last {
		p.out -= int64(len(b.Buf))
		if len(b.Buf) == BlockSize && len(p.free) < keepFree {
			p.free = append(p.free, b.Buf)
		}
		b.Buf = nil
	}
	p.mu.Unlock()
	if last {
		p.room.Signal()
	}
}
