package simulation

import (
	"slices"
	"time"

	"github.com/jobpipe/jobpipe/engine/order"
)

// A writer carries out what the order stage wants written, in order, one thing
// at a time. Its stdout may block for a while, its temporary file may be full.
type writer struct {
	queue  []order.Op
	done   []order.Op
	spare  []order.Op
	stdout []byte
	file   []byte
	live   int64 // bytes of the file that are needed
	disk   int64 // bytes the file takes; what is behind them is kept in memory
	chunks []chunk
	kept   int64 // capacity of chunks
	busy   bool
	batch  int // of the queue, so many belong together
	paper
}

// A chunk is what the file did not take.
type chunk struct{ off, room int64 }

func (w *writer) idle() bool { return len(w.queue) == 0 }

// completed takes out what has been done. The slice is good until the next call.
func (w *writer) completed() []order.Op {
	done := w.done
	w.done, w.spare = w.spare[:0], done
	return done
}

// write passes on what the stage wants written.
func (r *run) write() {
	r.writer.queue = r.stage.Ops(r.writer.queue)
	if !r.writer.busy {
		r.writeNext()
	}
}

func (r *run) writeNext() {
	w := &r.writer
	w.busy = len(w.queue) > 0
	if !w.busy {
		return
	}
	took := r.random(20 * time.Microsecond)
	if r.blocked > 0 && r.now < r.peace && r.rnd.Float64() < r.blocked {
		took += r.random(300 * time.Millisecond)
	}
	r.after(took, func() {
		if w.batch == 0 {
			w.batch = len(w.queue)
		}
		op := w.queue[0]
		w.queue = w.queue[1:]
		w.batch--
		r.carryOut(op)
		r.writeNext()
		r.handled()
	})
}

// carryOut is what package output does with an operation.
func (r *run) carryOut(op order.Op) {
	w := &r.writer
	if err := w.execute(&op); err != nil {
		r.troubled(err)
		w.broken = true
	}
	if !w.broken {
		if op.Kind != order.Stdout {
			w.ledger.Settle(&op)
		}
		w.note(&op)
		w.done = append(w.done, op)
	}
	if w.batch == 0 && !w.broken {
		r.writeDown()
	}
	if w.broken {
		r.perish()
	}
}

func (w *writer) execute(op *order.Op) error {
	switch op.Kind {
	case order.Stdout:
		return w.ledger.Print(op, w.put)
	case order.Spill:
		if need := op.Off + int64(len(op.Data)); need > int64(len(w.file)) {
			w.file = append(w.file, make([]byte, need-int64(len(w.file)))...)
		}
		copy(w.file[op.Off:], op.Data)
		w.live += op.Len
		w.keep(op)
	case order.CopyStdout:
		return w.copy(w.forget(op))
	case order.Free:
		w.forget(op)
	case order.Retry:
		w.retry(op)
	default:
		violated("the writer is given an operation of kind %d", op.Kind)
	}
	return nil
}

// keep keeps in memory what the file does not take.
func (w *writer) keep(op *order.Op) {
	if op.Off+op.Len > w.disk {
		op.Kept = int64(cap(op.Data))
		op.Data = nil
		w.chunks = append(w.chunks, chunk{op.Off, op.Kept})
		w.kept += op.Kept
	}
}

// retry moves to the file what it takes now.
func (w *writer) retry(op *order.Op) {
	w.chunks = slices.DeleteFunc(w.chunks, func(c chunk) bool {
		fits := c.off+c.room <= w.disk
		if fits {
			op.Kept -= c.room
		}
		return fits
	})
	w.kept += op.Kept
}

// forget gives up bytes of the file, and returns them.
func (w *writer) forget(op *order.Op) []byte {
	if op.Off < 0 || op.Len < 1 || op.Off+op.Len > int64(len(w.file)) {
		violated("bytes %d+%d of the temporary file are wanted, it has %d", op.Off, op.Len, len(w.file))
	}
	w.chunks = slices.DeleteFunc(w.chunks, func(c chunk) bool {
		in := op.Off <= c.off && c.off < op.Off+op.Len
		if in {
			op.Kept -= c.room
		}
		return in
	})
	w.kept += op.Kept
	w.live -= op.Len
	there := slices.Clone(w.file[op.Off : op.Off+op.Len])
	clear(w.file[op.Off : op.Off+op.Len])
	return there
}
