package batch

import (
	"slices"
	"sync"
)

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
	free   [][]byte // of BlockSize
	grown  [][]byte // larger ones
	spare  int      // bytes in grown
	out    int64    // bytes lent
	budget int64
	closed bool
}

// What is kept for reuse.
const (
	keepFree  = 32      // blocks
	keepGrown = 8 << 20 // bytes of grown ones
)

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

// Grow gives the block at least size bytes, for a record that does not fit. The
// first keep bytes stay. Only its filler calls it, while no range points into the
// block.
func (b *Block) Grow(size, keep int) {
	p := b.pool
	p.mu.Lock()
	bigger := p.takeGrown(size)
	p.mu.Unlock()
	if bigger == nil {
		bigger = make([]byte, size)
	}
	copy(bigger, b.Buf[:keep])
	p.mu.Lock()
	p.out += int64(len(bigger) - len(b.Buf))
	p.put(b.Buf)
	p.mu.Unlock()
	b.Buf = bigger
}

// takeGrown returns unused memory of at least size bytes and not much more, or
// nil. The mutex is held.
func (p *Pool) takeGrown(size int) []byte {
	for i, buf := range p.grown {
		if len(buf) >= size && len(buf) <= 2*size {
			p.grown = slices.Delete(p.grown, i, i+1)
			p.spare -= len(buf)
			return buf
		}
	}
	return nil
}

// put keeps memory for reuse, as far as there is use for it. The mutex is held.
func (p *Pool) put(buf []byte) {
	switch n := len(buf); {
	case n == BlockSize && len(p.free) < keepFree:
		p.free = append(p.free, buf)
	case n > BlockSize && n <= keepGrown:
		for len(p.grown) > 0 && p.spare+n > keepGrown {
			p.spare -= len(p.grown[0]) // the longest unused
			p.grown = slices.Delete(p.grown, 0, 1)
		}
		p.grown = append(p.grown, buf)
		p.spare += n
	}
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
		p.put(b.Buf)
		b.Buf = nil
	}
	p.mu.Unlock()
	if last {
		p.room.Signal()
	}
}
