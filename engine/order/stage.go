package order

import "github.com/jobpipe/jobpipe/engine/render"

// A Stage orders the output of a run. One goroutine owns it.
type Stage struct {
	keep   bool
	delim  byte
	ending []byte // the delimiter, as a slice
	most   int64  // that the budget may be
	budget int64
	chunk  int // largest chunk of held output
	pool   pool

	// Held: not to be written yet. Input order only, but for holds.
	frontier uint64 // all jobs before it are written, or on the way
	runs     []*run // ascending
	holds    []*Hold
	held     int64 // capacity of their buffers

	// On the way to the executor.
	ops     []Op
	out     []byte    // output that collects, behind ops; nil when there is none
	signed  []Receipt // due when out is written
	whole   int       // bytes of out that are whole results; see Op
	ends    uint64    // the frontier behind those
	queued  int64     // capacity of buffers in ops, in out and with the executor
	flying  int       // ops with the executor
	outSize int
	mostOps int

	fileEnd, fileLive int64 // of the temporary file: where to append, bytes needed
	kept              int64 // spilled bytes that the executor has in memory

	due     []Receipt
	waiting []Receipt // of data that is held beyond the budget
	owing   bool      // so is credit for parts, see Hold
	awaited uint64    // whose result is to come before all others; 0: none
}

// New returns a stage that writes in input order (keep) or in completion
// order. Jobs count from 1. Records and results end with delim. The budget, in
// bytes, is for held output.
func New(keep bool, delim byte, budget int64) *Stage {
	return &Stage{
		keep: keep, delim: delim, ending: []byte{delim}, most: budget, budget: budget,
		chunk: largest, outSize: outSize, mostOps: mostOps, frontier: 1,
	}
}

// Emit takes the complete output of the jobs [r.Seq, r.Seq+r.Count). Data is
// copied and may be empty; a missing last delimiter is added. In input order,
// a job that never ran is emitted too, without data, or those behind it wait
// for ever. To emit a job twice is a fault of the caller: in input order, where
// it is seen, it panics.
func (s *Stage) Emit(r Receipt, data []byte) {
	i := s.admit(r)
	var ending []byte
	if n := len(data); n > 0 && data[n-1] != s.delim {
		ending = s.ending
	}
	if s.keep && r.Seq != s.frontier {
		i = s.reserve(r, i)
		s.write(&s.runs[i].rope, data)
		s.write(&s.runs[i].rope, ending)
		s.fuse(i)
		s.took(r)
		return
	}
	s.print(data)
	s.print(ending)
	s.sign(r)
	s.advance(r.Count)
}

// Stderr takes the whole stderr of a job, or a line about it. Data is copied;
// a missing last newline is added, so that what follows is a line of its own.
func (s *Stage) Stderr(data []byte) {
	torn := len(data) > 0 && data[len(data)-1] != '\n'
	for len(data) > 0 {
		n := min(len(data), s.chunk)
		b := append(s.pool.get(n), data[:n]...)
		s.push(Op{Kind: Stderr, Data: b})
		data = data[n:]
	}
	if torn {
		s.Stderr([]byte{'\n'})
	}
}

// Reserve takes n bytes off the budget, but not all of it: they are needed for
// what workers may send at any time.
func (s *Stage) Reserve(n int64) { s.budget = max(s.most-n, s.most/8) }

// Ops appends what the executor is to do next, in this order. Output that
// collects is held back while the executor is busy and the buffer is not full:
// Done is followed by another call of Ops.
func (s *Stage) Ops(dst []Op) []Op {
	s.writeRun(s.mostOps)
	if s.out != nil && (s.flying == 0 || len(s.out) == cap(s.out)) {
		s.flush()
	}
	dst = append(dst, s.ops...)
	s.flying += len(s.ops)
	clear(s.ops)
	s.ops = s.ops[:0]
	return dst
}

// Done takes back an op that was carried out, with its memory.
func (s *Stage) Done(op Op) {
	s.flying--
	if s.flying < 0 {
		panic("order: an op was done twice")
	}
	s.queued -= op.room
	s.kept += op.Kept
	s.pool.put(op.Data)
	for _, r := range op.Receipts {
		s.due = addReceipt(s.due, r)
	}
	s.pool.putReceipts(op.Receipts)
}

// Receipts appends what is due to the workers: of output that was written, and
// of output that is held. Past the budget the receipts of held output wait
// until the executor has caught up with spilling it, so that its credit slows
// the workers down to the speed of the disk.
func (s *Stage) Receipts(dst []Receipt) []Receipt {
	if s.Memory() <= s.budget {
		s.awaited = 0
		s.payAll()
	}
	dst = append(dst, s.due...)
	s.due = s.due[:0]
	// Past the budget jobs that were handed out go on when nothing can be spilled,
	// for the next to be written may be among them. Results that come in parts may
	// be larger than memory, and wait: see Stuck.
	if s.Memory() <= s.budget || s.Idle() {
		dst = append(dst, s.waiting...)
		s.waiting = s.waiting[:0]
	}
	return dst
}

// Idle reports that the executor has nothing to do.
func (s *Stage) Idle() bool { return s.flying == 0 && len(s.ops) == 0 }

// Retry has what the temporary file did not take tried again, if there is
// something and the executor has nothing else to do. It is called now and then.
func (s *Stage) Retry() {
	if s.kept > 0 && s.Idle() {
		s.push(Op{Kind: Retry})
	}
}

// Spills reports whether results are in the temporary file.
func (s *Stage) Spills() bool { return s.fileLive > 0 }

// Holding reports whether results wait for the one at Frontier.
func (s *Stage) Holding() bool { return len(s.runs) > 0 }

// Full reports that the executor is behind, so no more input is to be taken
// in. Jobs that were taken in before are to go on, also a second time: the
// next to be written may be among them.
func (s *Stage) Full() bool { return s.queued+s.kept > s.budget/2 }

// Frontier returns the next job to be written: in input order, all before it
// are written or on the way. In completion order it only counts jobs, from 1.
func (s *Stage) Frontier() uint64 { return s.frontier }

// Memory returns the bytes of memory in use for output: held by the stage,
// queued for the executor, and those the temporary file did not take.
func (s *Stage) Memory() int64 { return s.held + s.queued + s.kept }

// Empty reports that all that was emitted is written.
func (s *Stage) Empty() bool {
	return len(s.runs) == 0 && s.out == nil && len(s.ops) == 0 && s.flying == 0
}

// admit checks that the jobs of r may be emitted, and returns their place.
func (s *Stage) admit(r Receipt) int {
	if r.Count < 1 || r.Seq < 1 {
		panic("order: a result of no job was emitted")
	}
	if s.awaited-r.Seq < uint64(r.Count) {
		s.awaited = 0
	}
	if !s.keep {
		return 0
	}
	return s.place(r)
}

// took gives the receipt for held output, which may have to be spilled first.
func (s *Stage) took(r Receipt) {
	s.balance()
	if s.Memory() <= s.budget {
		s.due = addReceipt(s.due, r)
	} else {
		s.waiting = addReceipt(s.waiting, r)
	}
}

// release sends a rope on its way: to stdout, to stderr, or nowhere (Free). A
// chunk for stdout that is less than half a frame joins the output that
// collects: to copy it is cheaper than a system call.
func (s *Stage) release(r *rope, to Kind) {
	for r.head != nil {
		s.releasePiece(r, to)
	}
}

// releasePiece is release for the first piece of a rope.
func (s *Stage) releasePiece(r *rope, to Kind) {
	p := r.head
	room := int64(cap(p.buf))
	s.held -= room
	r.mem -= room
	switch {
	case p.buf == nil:
		s.releaseSpilled(p, to)
	case to == Free || to == Stdout && len(p.buf) < s.chunk/2 && p.form == render.Plain:
		if to == Stdout {
			s.print(p.buf)
		}
		s.pool.put(p.buf)
	default:
		if to == Stdout {
			s.flush()
		}
		s.push(Op{Kind: to, Data: p.buf, Form: p.form})
	}
	r.head = p.next
	if r.head == nil {
		r.tail = nil
	} else {
		r.head.prev = nil
	}
	s.pool.putPiece(p)
}

func (s *Stage) releaseSpilled(p *piece, to Kind) {
	switch to {
	case Stdout:
		s.flush()
		to = CopyStdout
	case Stderr:
		to = CopyStderr
	}
	s.push(Op{Kind: to, Off: p.off, Len: p.len, Form: p.form})
	s.forget(p.len)
}

// print copies data to the output that collects.
func (s *Stage) print(data []byte) {
	for len(data) > 0 {
		if s.out != nil && len(s.out) == cap(s.out) {
			s.flush()
		}
		s.collect()
		n := copy(s.out[len(s.out):cap(s.out)], data)
		s.out = s.out[:len(s.out)+n]
		data = data[n:]
	}
}

// collect makes sure that there is a buffer in which output collects.
func (s *Stage) collect() {
	if s.out == nil {
		s.out = s.pool.get(s.outSize)
		s.queued += int64(cap(s.out))
	}
}

// sign makes a receipt due when all that was printed so far is written.
func (s *Stage) sign(r Receipt) {
	if s.out == nil && len(s.ops) > 0 {
		last := &s.ops[len(s.ops)-1]
		if last.Receipts == nil {
			last.Receipts = s.pool.getReceipts()
		}
		last.Receipts = addReceipt(last.Receipts, r)
		return
	}
	s.collect()
	if s.signed == nil {
		s.signed = s.pool.getReceipts()
	}
	s.signed = addReceipt(s.signed, r)
}

// flush makes an op of the output that collects. Little of it moves to memory
// of its size: while stdout blocks there may be a flush for every held result.
func (s *Stage) flush() {
	if s.out == nil {
		return
	}
	s.queued -= int64(cap(s.out)) // push counts it
	if len(s.out) <= cap(s.out)/8 {
		little := append(s.pool.get(len(s.out)), s.out...)
		s.pool.put(s.out)
		s.out = little
	}
	s.push(Op{Kind: Stdout, Data: s.out, Receipts: s.signed, Whole: int64(s.whole), Frontier: s.ends})
	s.out, s.signed, s.whole, s.ends = nil, nil, 0, 0
}

// mark notes that all that was written so far is whole results. What holds
// them was made by sign, or by what was released since.
func (s *Stage) mark() {
	if s.out != nil {
		s.whole, s.ends = len(s.out), s.frontier
		return
	}
	if len(s.ops) == 0 {
		return // Rest found nothing to write
	}
	last := &s.ops[len(s.ops)-1]
	last.Whole, last.Frontier = max(last.Len, int64(len(last.Data))), s.frontier
}

func (s *Stage) push(op Op) {
	op.room = int64(cap(op.Data))
	s.queued += op.room
	s.ops = append(s.ops, op)
}
