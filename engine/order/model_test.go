package order

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/jobpipe/jobpipe/engine/render"
)

// A model carries ops out on memory, and checks that each is allowed.
type model struct {
	t              *testing.T
	s              *Stage
	stdout, stderr []byte
	file           []byte
	live           []bool // of file
	kept           map[int64]int64
	flying         []Op
	marks          []mark
	fails          func() bool // whether a spill fails
	spills         int
	encoder        render.Encoder
}

func newModel(t *testing.T, s *Stage) *model {
	m := &model{t: t, s: s, kept: map[int64]int64{}, fails: func() bool { return false }}
	m.encoder = render.Encoder{Delim: '\n', Write: func(b []byte) error {
		m.stdout = append(m.stdout, b...)
		return nil
	}}
	return m
}

// A mark is where whole results end by what an op says.
type mark struct {
	at       int // in stdout
	frontier uint64
	receipts []Receipt
}

// take fetches what is to be done.
func (m *model) take() int {
	n := len(m.flying)
	m.flying = m.s.Ops(m.flying)
	return len(m.flying) - n
}

// step carries out the oldest op.
func (m *model) step() {
	op := m.flying[0]
	m.flying = m.flying[1:]
	switch op.Kind {
	case Stdout:
		_ = m.encoder.Encode(op.Form, op.Data)
	case Stderr:
		m.stderr = append(m.stderr, op.Data...)
	case Spill:
		m.spill(&op)
	case CopyStdout:
		_ = m.encoder.Encode(op.Form, m.fetch(&op))
	case CopyStderr:
		m.stderr = append(m.stderr, m.fetch(&op)...)
	case Free:
		m.fetch(&op)
	case Retry:
		m.retry(&op)
	default:
		m.t.Fatalf("op of kind %d", op.Kind)
	}
	if op.Frontier > 0 {
		at := len(m.stdout)
		if op.Kind == Stdout && op.Form == render.Plain {
			at -= len(op.Data) - int(op.Whole) // what is before them may be the end of a base64
		} else if op.Whole != max(op.Len, int64(len(op.Data))) {
			m.t.Fatalf("%d bytes of %+v are whole", op.Whole, op)
		}
		m.marks = append(m.marks, mark{at, op.Frontier, slices.Clone(op.Receipts)})
	}
	for i := range op.Data { // a stage that still reads it is found out
		op.Data[i] = '!'
	}
	m.s.Done(op)
}

func (m *model) spill(op *Op) {
	m.spills++
	end := int(op.Off + op.Len)
	if op.Len != int64(len(op.Data)) || op.Len == 0 {
		m.t.Fatalf("spill of %d bytes says %d", len(op.Data), op.Len)
	}
	if end > len(m.file) {
		m.file = append(m.file, make([]byte, end-len(m.file))...)
		m.live = append(m.live, make([]bool, end-len(m.live))...)
	}
	if slices.Contains(m.live[op.Off:end], true) {
		m.t.Fatalf("spill over bytes that are needed: [%d, %d)", op.Off, end)
	}
	copy(m.file[op.Off:], op.Data)
	for i := op.Off; i < int64(end); i++ {
		m.live[i] = true
	}
	if m.fails() {
		op.Kept = int64(cap(op.Data))
		m.kept[op.Off] = op.Kept
		op.Data = nil
	}
}

func (m *model) retry(op *Op) {
	for off, n := range m.kept {
		if m.fails() {
			return
		}
		op.Kept -= n
		delete(m.kept, off)
	}
}

func (m *model) fetch(op *Op) []byte {
	end := op.Off + op.Len
	if op.Len == 0 || end > int64(len(m.file)) || slices.Contains(m.live[op.Off:end], false) {
		m.t.Fatalf("[%d, %d) of the temporary file is not there", op.Off, end)
	}
	clear(m.live[op.Off:end])
	for off, n := range m.kept {
		if off >= op.Off && off < end {
			op.Kept -= n
			delete(m.kept, off)
		}
	}
	return m.file[op.Off:end]
}

// drain carries out everything.
func (m *model) drain() {
	for m.take() > 0 || len(m.flying) > 0 {
		for len(m.flying) > 0 {
			m.step()
		}
	}
}

// audit counts again what the stage keeps account of.
func audit(s *Stage, m *model) error {
	var held, live int64
	count := func(r *rope) error {
		var mem int64
		var last *piece
		for p := r.head; p != nil; last, p = p, p.next {
			if p.prev != last {
				return fmt.Errorf("broken link")
			}
			mem += int64(cap(p.buf))
			if p.buf == nil {
				live += p.len
			} else if len(p.buf) == 0 {
				return fmt.Errorf("an empty piece")
			}
		}
		held += mem
		if r.tail != last || r.mem != mem {
			return fmt.Errorf("rope counts %d bytes of memory, has %d", r.mem, mem)
		}
		return nil
	}
	before := s.frontier
	for i, r := range s.runs {
		if i == 0 && s.Behind() {
			before-- // it is being written
		}
		if r.first <= before || r.next <= r.first {
			return fmt.Errorf("run [%d, %d) touches what ends at %d", r.first, r.next, before)
		}
		before = r.next
		if err := count(&r.rope); err != nil {
			return err
		}
	}
	for i, h := range s.holds {
		if h.index != i {
			return fmt.Errorf("hold %d believes to be %d", i, h.index)
		}
		if err := count(&h.rope); err != nil {
			return err
		}
	}
	queued := int64(cap(s.out))
	for _, op := range slices.Concat(s.ops, m.flying) {
		queued += int64(cap(op.Data))
	}
	var kept int64
	for _, n := range m.kept {
		kept += n
	}
	switch {
	case held != s.held || queued != s.queued || kept != s.kept || live != s.fileLive:
		return fmt.Errorf("stage counts held %d queued %d kept %d live %d; they are %d %d %d %d",
			s.held, s.queued, s.kept, s.fileLive, held, queued, kept, live)
	case held > s.budget:
		return fmt.Errorf("%d bytes held, budget %d", held, s.budget)
	case s.Memory() != held+queued+kept:
		return fmt.Errorf("memory says %d, is %d", s.Memory(), held+queued+kept)
	case live == 0 && s.fileEnd != 0:
		return fmt.Errorf("nothing is needed of the temporary file and it goes on at %d", s.fileEnd)
	}
	return nil
}

// once checks that out consists of the given texts, each whole and once, in
// any order. A text starts with its key and a colon.
func once(out []byte, texts map[string][]byte) error {
	seen := map[string]bool{}
	for at := 0; at < len(out); {
		key, _, _ := bytes.Cut(out[at:min(len(out), at+30)], []byte(":"))
		want, ok := texts[string(key)]
		if !ok || !bytes.HasPrefix(out[at:], want) {
			return fmt.Errorf("at byte %d there is %.30q, the start of no result", at, out[at:])
		}
		if seen[string(key)] {
			return fmt.Errorf("%s was written twice", key)
		}
		seen[string(key)] = true
		at += len(want)
	}
	if len(seen) != len(texts) {
		return fmt.Errorf("%d of %d texts were written", len(seen), len(texts))
	}
	return nil
}
