package output

import "github.com/jobpipe/jobpipe/engine/order"

// With a journal, what is written is told to it, and written down after each
// batch of operations. A journal that fails is as bad as a stdout that does:
// what it does not know of would be run again.

// print writes results, and settles those that are whole.
func (w *Writer) print(op *order.Op) error {
	if w.journal == nil {
		return w.stdout.write(op.Data)
	}
	if err := w.stdout.write(op.Data[:op.Whole]); err != nil {
		return err
	}
	w.settle(op)
	return w.stdout.write(op.Data[op.Whole:])
}

// settle tells the journal whose results are whole.
func (w *Writer) settle(op *order.Op) {
	switch {
	case w.journal == nil || op.Frontier == 0:
	case w.inOrder:
		w.journal.Done(w.frontier, op.Frontier)
		w.frontier = op.Frontier
	default:
		for _, r := range op.Receipts {
			w.journal.Done(r.Seq, r.Seq+uint64(r.Count))
		}
	}
}

// writeDown appends to the journal what was settled.
func (w *Writer) writeDown() {
	if w.journal == nil || w.broken {
		return
	}
	if err := w.journal.Append(); err != nil {
		w.broken = true
		w.fail(err)
	}
}

// closeJournal ends the journal when all is written.
func (w *Writer) closeJournal() {
	switch {
	case w.journal == nil:
	case w.Err() != nil:
		w.journal.Abandon()
	default:
		w.fail(w.journal.Close())
	}
}
