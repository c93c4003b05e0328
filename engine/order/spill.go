package order

// balance brings held memory back within the budget. It goes down to three
// quarters, so that it happens seldom and in long writes; the results furthest
// from being written go first.
func (s *Stage) balance() {
	if s.held <= s.budget {
		return
	}
	goal := s.budget / 4 * 3
	for i := len(s.runs) - 1; i >= 0 && s.held > goal; i-- {
		s.spill(&s.runs[i].rope, s.held-goal)
	}
	for i := len(s.holds) - 1; i >= 0 && s.held > goal; i-- {
		s.spill(&s.holds[i].rope, s.held-goal)
	}
}

// spill moves the end of a rope to the temporary file: need bytes of memory,
// or all there is. It writes forwards, so that what follows on in the rope
// follows on in the file and is one piece.
func (s *Stage) spill(r *rope, need int64) {
	if r.mem == 0 {
		return
	}
	from := r.tail
	for p := r.tail; p != nil && need > 0; p = p.prev {
		if p.buf != nil {
			need -= int64(cap(p.buf))
			from = p
		}
	}
	for p := from; p != nil; {
		next := p.next
		if p.buf != nil {
			s.spillPiece(r, p)
		}
		p = next
	}
}

func (s *Stage) spillPiece(r *rope, p *piece) {
	size := int64(cap(p.buf))
	r.mem -= size
	s.held -= size
	p.off, p.len = s.fileEnd, int64(len(p.buf))
	s.fileEnd += p.len
	s.fileLive += p.len
	s.push(Op{Kind: Spill, Data: p.buf, Off: p.off, Len: p.len})
	p.buf = nil
	if b := p.prev; b != nil && b.buf == nil && b.off+b.len == p.off && b.form == p.form {
		b.len += p.len
		b.next = p.next
		if p.next == nil {
			r.tail = b
		} else {
			p.next.prev = b
		}
		s.pool.putPiece(p)
	}
}

// forget gives up n bytes of the temporary file. The ops are carried out in
// order, so its place is free for all ops from here on. When nothing in the
// file is needed, it starts again at its beginning.
func (s *Stage) forget(n int64) {
	s.fileLive -= n
	if s.fileLive == 0 {
		s.fileEnd = 0
	}
}
