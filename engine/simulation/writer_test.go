package simulation

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/order"
)

// A writer carries out what the order stage wants written, in order, one thing
// at a time. Its stdout may block for a while, its temporary file never does.
type writer struct {
	queue  []order.Op
	done   []order.Op
	spare  []order.Op
	stdout []byte
	file   []byte
	busy   bool
}

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
		op := w.queue[0]
		w.queue = w.queue[1:]
		w.execute(op)
		w.done = append(w.done, op)
		r.writeNext()
		r.handled()
	})
}

func (w *writer) execute(op order.Op) {
	switch op.Kind {
	case order.Stdout:
		w.stdout = append(w.stdout, op.Data...)
	case order.Spill:
		if need := op.Off + int64(len(op.Data)); need > int64(len(w.file)) {
			w.file = append(w.file, make([]byte, need-int64(len(w.file)))...)
		}
		copy(w.file[op.Off:], op.Data)
	case order.CopyStdout:
		if op.Off < 0 || op.Off+op.Len > int64(len(w.file)) {
			violated("bytes %d+%d of the temporary file are wanted, it has %d", op.Off, op.Len, len(w.file))
		}
		w.stdout = append(w.stdout, w.file[op.Off:op.Off+op.Len]...)
	case order.Free:
	default:
		violated("the writer is given an operation of kind %d", op.Kind)
	}
}

// remembered checks that what is held in memory is bounded: the budget, what
// workers have credit for, and a buffer or two. What the writer has been given
// is its own to hold.
func (r *run) remembered() {
	held := r.stage.Memory()
	for _, list := range [][]order.Op{r.writer.queue, r.writer.done} {
		for _, op := range list {
			held -= int64(cap(op.Data))
		}
	}
	const buffers = 512 << 10
	if most := r.budget + int64(len(r.workers)*r.window) + buffers; held > most {
		violated("%d bytes of results are held in memory, more than %d", held, most)
	}
}
