package order

import "github.com/jobpipe/jobpipe/engine/render"

// A Hold is what came so far of a result that comes in parts: a stdout, or a
// stderr. It ends with EmitHold, StderrHold, Join or Drop and is not used after.
type Hold struct {
	rope
	seq   uint64
	size  int64     // bytes appended
	last  byte      // the last of them
	index int       // in Stage.holds; -1 when it has ended
	owed  []Receipt // credit that waits: data beyond the budget
}

// NewHold returns an empty hold for what job seq printed.
func (s *Stage) NewHold(seq uint64) *Hold {
	h := &Hold{seq: seq, index: len(s.holds)}
	s.holds = append(s.holds, h)
	return h
}

// Append adds a part, which is copied; its bytes are credit of the worker.
func (s *Stage) Append(h *Hold, worker uint64, data []byte) {
	if h.index < 0 {
		panic("order: a part was appended to a hold that has ended")
	}
	if len(data) == 0 {
		return
	}
	s.write(&h.rope, data)
	h.last = data[len(data)-1]
	h.size += int64(len(data))
	s.balance()
	r := Receipt{Worker: worker, Bytes: len(data)}
	if s.Memory() <= s.budget || h.seq == s.awaited && s.mayGrow(h) {
		s.due = addReceipt(s.due, r)
	} else {
		h.owed = addReceipt(h.owed, r)
		s.owing = true
	}
}

// pay makes due what is owed for the hold.
func (s *Stage) pay(h *Hold) {
	for _, r := range h.owed {
		s.due = addReceipt(s.due, r)
	}
	h.owed = h.owed[:0]
}

// Join adds what was held in part, which is to be written in that form. To a result
// that is not written as it came, what is around it is added by Append.
func (s *Stage) Join(h, part *Hold, form render.Form) {
	s.end(part)
	for p := part.head; p != nil; p = p.next {
		p.form = form
	}
	if part.head != nil {
		h.last = part.last
	}
	h.size += part.size
	s.join(&h.rope, &part.rope)
}

// EmitHold is Emit with what was held.
func (s *Stage) EmitHold(r Receipt, h *Hold) {
	i := s.admit(r)
	s.end(h)
	if h.head != nil && h.last != s.delim {
		s.write(&h.rope, s.ending)
	}
	if s.keep && r.Seq != s.frontier {
		i = s.reserve(r, i)
		s.join(&s.runs[i].rope, &h.rope)
		s.fuse(i)
		s.took(r)
		return
	}
	s.release(&h.rope, Stdout)
	s.sign(r)
	s.advance(r.Count)
}

// StderrHold is Stderr with what was held.
func (s *Stage) StderrHold(h *Hold) {
	s.end(h)
	if h.head != nil && h.last != '\n' {
		s.write(&h.rope, []byte{'\n'})
	}
	s.release(&h.rope, Stderr)
}

// Drop forgets what was held. Its credit returns all the same.
func (s *Stage) Drop(h *Hold) {
	s.end(h)
	s.release(&h.rope, Free)
}

// end takes the hold off the list.
func (s *Stage) end(h *Hold) {
	if h.index < 0 {
		panic("order: a hold was ended twice")
	}
	last := s.holds[len(s.holds)-1]
	s.holds[h.index], last.index = last, h.index
	s.holds[len(s.holds)-1] = nil
	s.holds = s.holds[:len(s.holds)-1]
	h.index = -1
	for _, r := range h.owed {
		s.waiting = addReceipt(s.waiting, r)
	}
	h.owed = nil
}
