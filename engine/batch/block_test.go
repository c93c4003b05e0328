package batch

import (
	"testing"
	"time"
)

func TestBlockIsLentUntilEveryJobIsReleased(t *testing.T) {
	p := NewPool(1)
	b := p.Get()
	if len(b.Buf) != BlockSize || !p.Exhausted() {
		t.Fatalf("a block of %d bytes, exhausted: %v", len(b.Buf), p.Exhausted())
	}
	b.Add(3)
	b.Release(1) // the filler
	b.Release(2)
	if !p.Exhausted() {
		t.Error("the block came back while a job needs it")
	}
	b.Release(1)
	if p.Exhausted() {
		t.Error("the block did not come back")
	}
}

func TestReleasingTooOftenPanics(t *testing.T) {
	b := NewPool(1).Get()
	b.Add(1)
	defer func() {
		if recover() == nil {
			t.Error("a block was released more often than referred to")
		}
	}()
	b.Release(3)
}

func TestReleaseOfNoBlock(t *testing.T) {
	var b *Block
	b.Release(7)
}

func TestMemoryIsReused(t *testing.T) {
	p := NewPool(10 * BlockSize)
	b := p.Get()
	first := &b.Buf[0]
	b.Release(1)
	if b = p.Get(); &b.Buf[0] != first {
		t.Error("new memory was taken while some was free")
	}
}

func TestGetWaitsForTheBudget(t *testing.T) {
	p := NewPool(2 * BlockSize)
	a, b := p.Get(), p.Get()
	got := make(chan *Block)
	go func() { got <- p.Get() }()
	select {
	case <-got:
		t.Fatal("a third block was lent")
	case <-time.After(10 * time.Millisecond):
	}
	a.Release(1)
	c := <-got
	go func() { got <- p.Get() }()
	p.Close()
	if <-got != nil || p.Get() != nil {
		t.Error("a closed pool lends")
	}
	b.Release(1) // what is lent may come back after
	c.Release(1)
}

func TestGrownBlockCounts(t *testing.T) {
	p := NewPool(3 * BlockSize)
	b := p.Get()
	copy(b.Buf, "record")
	b.Grow(2*BlockSize, 6)
	b.Grow(4*BlockSize, 6)
	if len(b.Buf) != 4*BlockSize || string(b.Buf[:6]) != "record" {
		t.Errorf("%d bytes, %q", len(b.Buf), b.Buf[:6])
	}
	if !p.Exhausted() {
		t.Error("what a block grew by is not counted")
	}
	b.Release(1)
	if p.Exhausted() {
		t.Error("what a block grew by is not given back")
	}
	if b = p.Get(); len(b.Buf) != BlockSize {
		t.Errorf("a block of %d bytes was lent", len(b.Buf))
	}
}

func TestGrownMemoryIsReused(t *testing.T) {
	p := NewPool(100 * BlockSize)
	grow := func(size int) *byte {
		b := p.Get()
		b.Grow(size, 0)
		defer b.Release(1)
		if len(b.Buf) < size || len(b.Buf) > 2*size {
			t.Fatalf("grew to %d bytes, not %d", len(b.Buf), size)
		}
		return &b.Buf[0]
	}
	first := grow(4 * BlockSize)
	if grow(3*BlockSize) != first {
		t.Error("new memory was taken while some was free")
	}
	if grow(5*BlockSize) == first || grow(2*BlockSize-1) == first {
		t.Error("memory was taken that does not fit")
	}
	grow(keepGrown + 1)
	if grow(4*BlockSize) != first {
		t.Error("memory was given up for a block that is not kept")
	}
	grow(keepGrown)
	if p.spare > keepGrown || len(p.grown) != 1 {
		t.Errorf("%d bytes are kept, in %d blocks", p.spare, len(p.grown))
	}
}
