package order

import "math/bits"

// Buffers have sizes of powers of two, so that a small result behind a gap
// does not cost the memory of a large one.
const (
	smallest = 256       // a chunk of a held result, at least
	largest  = 64 << 10  // a chunk of a held result, at most: one frame
	outSize  = 256 << 10 // the buffer in which output collects
)

// keepFree is how many bytes of unused buffers are kept for reuse: enough for
// the traffic of a steady run, not the peak of a long gap.
const keepFree = 16 << 20

// A pool keeps what is used again and again, so that a steady run allocates
// nothing.
type pool struct {
	buffers  [bits.UintSize][][]byte // by log2 of the capacity
	free     int                     // bytes in buffers
	pieces   *piece                  // linked by next
	runs     []*run
	receipts [][]Receipt
}

// class returns the log2 of the smallest power of two that holds n bytes.
func class(n int) int { return bits.Len(uint(n - 1)) }

// get returns an empty buffer for at least n bytes.
func (p *pool) get(n int) []byte {
	c := class(max(n, smallest))
	list := p.buffers[c]
	if len(list) == 0 {
		return make([]byte, 0, 1<<c)
	}
	b := list[len(list)-1]
	p.buffers[c] = list[:len(list)-1]
	p.free -= cap(b)
	return b
}

func (p *pool) put(b []byte) {
	if cap(b) == 0 || p.free+cap(b) > keepFree {
		return
	}
	c := class(cap(b))
	p.buffers[c] = append(p.buffers[c], b[:0])
	p.free += cap(b)
}

func (p *pool) getPiece() *piece {
	n := p.pieces
	if n == nil {
		return new(piece)
	}
	p.pieces = n.next
	n.next = nil
	return n
}

func (p *pool) putPiece(n *piece) {
	*n = piece{next: p.pieces}
	p.pieces = n
}

func (p *pool) getRun() *run {
	n := len(p.runs)
	if n == 0 {
		return new(run)
	}
	r := p.runs[n-1]
	p.runs = p.runs[:n-1]
	return r
}

func (p *pool) putRun(r *run) {
	*r = run{}
	p.runs = append(p.runs, r)
}

func (p *pool) getReceipts() []Receipt {
	n := len(p.receipts)
	if n == 0 {
		return nil
	}
	r := p.receipts[n-1]
	p.receipts = p.receipts[:n-1]
	return r
}

func (p *pool) putReceipts(r []Receipt) {
	if cap(r) > 0 {
		p.receipts = append(p.receipts, r[:0])
	}
}
