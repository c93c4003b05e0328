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

func TestGrownBlockCountsAndIsNotKept(t *testing.T) {
	p := NewPool(3 * BlockSize)
	b := p.Get()
	copy(b.Buf, "record")
	b.Grow()
	b.Grow()
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
