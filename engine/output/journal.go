package output

import (
	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/order"
)

// closeJournal ends the journal when all is written.
func (w *Writer) closeJournal() {
	switch journal := w.ledger.journal; {
	case journal == nil:
	case w.Err() != nil:
		journal.Abandon()
	default:
		w.fail(journal.Close())
	}
}

// A Ledger tells a journal what is written: which results are whole with it, and,
// after each batch of operations, that this is to be written down. A journal that
// fails is as bad as a stdout that does: what it does not know of would be run
// again. One goroutine owns it.
type Ledger struct {
	journal  *commit.Log // nil: there is none
	inOrder  bool
	frontier uint64 // all before it are in the journal
}

// NewLedger returns the ledger of a journal, for results in input order or not.
func NewLedger(journal *commit.Log, inOrder bool) Ledger {
	return Ledger{journal: journal, inOrder: inOrder, frontier: 1}
}

// Print has the results of op written, and settles those that are whole. What
// write has written it has told the journal.
func (l *Ledger) Print(op *order.Op, write func([]byte) error) error {
	if l.journal == nil {
		return write(op.Data)
	}
	if err := write(op.Data[:op.Whole]); err != nil {
		return err
	}
	l.Settle(op)
	return write(op.Data[op.Whole:])
}

// Settle tells the journal whose results are whole with op.
func (l *Ledger) Settle(op *order.Op) {
	switch {
	case l.journal == nil || op.Frontier == 0:
	case l.inOrder:
		l.journal.Done(l.frontier, op.Frontier)
		l.frontier = op.Frontier
	default:
		for _, r := range op.Receipts {
			l.journal.Done(r.Seq, r.Seq+uint64(r.Count))
		}
	}
}

// WriteDown appends to the journal what was settled.
func (l *Ledger) WriteDown() error {
	if l.journal == nil {
		return nil
	}
	return l.journal.Append()
}
