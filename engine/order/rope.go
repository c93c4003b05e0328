package order

import "github.com/jobpipe/jobpipe/engine/render"

// A piece is a stretch of a held result: in memory (buf), or, once spilled, in
// the temporary file (off, len). It is never empty.
type piece struct {
	prev, next *piece
	buf        []byte // nil: spilled
	off, len   int64
	form       render.Form // in which it is to be written
}

// A rope is held output, a list of pieces. Joining two is a matter of one
// link, however long they are.
type rope struct {
	head, tail *piece
	mem        int64 // capacity of its buffers
}

// write copies data to the end of the rope. The first chunk fits the data and
// later ones double, so that what is counted is at most some twice what is held.
func (s *Stage) write(r *rope, data []byte) {
	for len(data) > 0 {
		t := r.tail
		if t == nil || len(t.buf) == cap(t.buf) || t.form != render.Plain {
			t = s.grow(r, len(data))
		}
		n := copy(t.buf[len(t.buf):cap(t.buf)], data)
		t.buf = t.buf[:len(t.buf)+n]
		data = data[n:]
	}
}

// grow gives the rope a new last piece, with room for n bytes or a part of them.
func (s *Stage) grow(r *rope, n int) *piece {
	if r.tail != nil && r.tail.form == render.Plain {
		n = max(n, 2*cap(r.tail.buf))
	}
	p := s.pool.getPiece()
	p.buf = s.pool.get(min(n, s.chunk))
	r.mem += int64(cap(p.buf))
	s.held += int64(cap(p.buf))
	r.link(p)
	return p
}

func (r *rope) link(p *piece) {
	p.prev = r.tail
	if r.tail == nil {
		r.head = p
	} else {
		r.tail.next = p
	}
	r.tail = p
}

// join moves what b holds to the end of a. The first piece of b goes into the
// room left in the last of a where it fits, so that many small results become
// few pieces.
func (s *Stage) join(a, b *rope) {
	if p, t := b.head, a.tail; p != nil && t != nil && p.buf != nil && p.form == t.form && len(p.buf) <= cap(t.buf)-len(t.buf) {
		t.buf = append(t.buf, p.buf...)
		b.head = p.next
		if b.head == nil {
			b.tail = nil
		} else {
			b.head.prev = nil
		}
		b.mem -= int64(cap(p.buf))
		s.held -= int64(cap(p.buf))
		s.pool.put(p.buf)
		s.pool.putPiece(p)
	}
	a.mem += b.mem
	switch {
	case b.head == nil:
	case a.tail == nil:
		a.head, a.tail = b.head, b.tail
	default:
		a.tail.next, b.head.prev = b.head, a.tail
		a.tail = b.tail
	}
	*b = rope{}
}
