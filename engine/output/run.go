package output

import (
	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
)

// run is the writer's goroutine. It takes the whole queue at once and leaves
// an empty one, so that the lock is held for moments only. The status is
// brought up to date when all else is written.
func (w *Writer) run() {
	defer close(w.ended)
	defer w.spool.close()
	defer w.stdout.close()
	for {
		w.mu.Lock()
		for len(w.queue) == 0 && !w.restated && !w.closing {
			w.work.Wait()
		}
		state := w.state
		w.restated = false
		if len(w.queue) == 0 && w.closing {
			w.mu.Unlock()
			w.stderr.end()
			w.status.end(state)
			return
		}
		w.batch, w.queue = w.queue, w.batch[:0]
		w.mu.Unlock()
		for i := range w.batch {
			w.carryOut(&w.batch[i])
		}
		if !w.broken {
			w.took(w.ledger.WriteDown())
		}
		clear(w.batch)
		w.status.say(state)
	}
}

var newline = []byte{'\n'}

func (w *Writer) carryOut(t *task) {
	if t.to != nil {
		if len(t.text) > 0 { // else it was said meanwhile
			w.put(t)
		}
		return
	}
	w.took(w.execute(&t.op))
	if w.broken {
		return
	}
	if t.op.Kind != order.Stdout {
		w.ledger.Settle(&t.op)
	}
	w.mu.Lock()
	w.spillErr = w.spool.err
	w.done = append(w.done, t.op)
	ring := len(w.done) == 1 && !w.hushed
	w.mu.Unlock()
	if ring {
		w.doorbell()
	}
}

// took sees whether results were written.
func (w *Writer) took(err error) {
	if err != nil {
		w.broken = true
		w.fail(err)
	}
}

// put writes a text, which is gone then.
func (w *Writer) put(t *task) {
	var err error
	if t.to == w.stderr {
		w.say(t.text)
	} else {
		err = t.to.write(t.text)
	}
	w.mu.Lock()
	w.backlog -= int64(len(t.text))
	w.mu.Unlock()
	t.text = nil
	switch t.to { // of a broken stderr there is nobody to tell
	case w.failed:
		w.fail(t.to.explain("failed jobs", err))
	case w.joblog:
		w.fail(t.to.explain("the joblog", err))
	}
}

// say writes lines to stderr that begin a line.
func (w *Writer) say(lines []byte) {
	if w.status.midline {
		w.stderr.write(newline)
	}
	w.stderr.write(lines)
}

// fail notes the first error of results.
func (w *Writer) fail(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	first := w.err == nil
	if first {
		w.err = err
	}
	w.mu.Unlock()
	if first {
		w.doorbell()
	}
}

// execute carries out one operation. Its error is of stdout or of reading the
// temporary file back. From then on no operation is completed, of whatever
// kind: any may carry the receipt of a result that was to be written before it.
func (w *Writer) execute(op *order.Op) error {
	switch op.Kind {
	case order.Stdout:
		return w.results(w.ledger.Print(op, w.worded(op.Form)))
	case order.Stderr:
		w.stderr.write(op.Data)
		return nil
	case order.Spill:
		w.spool.keep(op)
		return nil
	case order.Free:
		w.spool.forget(op)
		return nil
	case order.Retry:
		w.spool.retry(op)
		return nil
	case order.CopyStderr:
		_, read := w.copy(w.stderr.write, op)
		return read
	default:
		written, read := w.copy(w.worded(op.Form), op)
		if read != nil {
			return read
		}
		return w.results(written)
	}
}

// worded writes to stdout in a form.
func (w *Writer) worded(form render.Form) func([]byte) error {
	return func(b []byte) error { return w.encoder.Encode(form, b) }
}

func (w *Writer) results(err error) error {
	if err == unix.EPIPE {
		return ErrClosed
	}
	return w.stdout.explain("results", err)
}

// copy writes spilled bytes and forgets them. The two errors are of writing and of
// reading.
func (w *Writer) copy(write func([]byte) error, op *order.Op) (written, read error) {
	defer w.spool.forget(op)
	return w.spool.copy(write, op)
}
