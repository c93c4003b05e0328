package output

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
)

// ErrClosed is what Err returns when the reader of stdout has gone, as head(1)
// does. It ends a run without a word.
var ErrClosed = errors.New("the reader of stdout has closed it")

// joinBelow bounds the text that consecutive records or messages are joined
// to while they wait, so that many small ones are one system call.
const joinBelow = 64 << 10

// Options says where a Writer writes. The files stay the caller's to close.
type Options struct {
	Stdout  *os.File    // results
	Stderr  *os.File    // what jobs print there, and messages; tamed where it is a terminal
	Failed  *os.File    // records of failed jobs; nil: none
	Joblog  *os.File    // lines about jobs that have ended; nil: none
	Journal *commit.Log // of results; nil: none
	InOrder bool        // results are in input order
	Delim   byte        // ends records, and the lines of results
	TempDir string      // for the temporary file; empty: $TMPDIR, or /tmp

	// Stuck is called when stdout has taken nothing for long, and may have a Message
	// about it; nil: nobody is told. Like Doorbell it must not wait.
	Stuck func()
	// Doorbell is called when there is something for Completed, unless that is
	// hushed, or news from Err or SpillErr. It must not wait.
	Doorbell func()
}

// A Writer writes. Its methods may be called by any goroutine.
type Writer struct {
	stdout, stderr *sink // the goroutine's
	failed, joblog *sink // the goroutine's; nil: none
	delim          byte  // of records
	spool          spool // the goroutine's
	status         status
	batch          []task // being carried out: the goroutine's
	tellStuck      func()
	looksWarned    int            // after so many looks it is told
	broken         bool           // results are lost: the goroutine's
	ledger         Ledger         // the goroutine's
	encoder        render.Encoder // of stdout: the goroutine's
	doorbell       func()
	ended          chan struct{} // closed when the goroutine is over

	mu       sync.Mutex
	work     sync.Cond // queue is not empty, or restated, or closing
	queue    []task
	state    string // the latest status
	restated bool   // the goroutine has not seen it
	backlog  int64  // bytes of text in queue and with the goroutine
	done     []order.Op
	hushed   bool  // nobody waits for done
	err      error // why results cannot be written any more
	spillErr error
	closing  bool
}

// A task is an operation, or (kind 0) text for a sink.
type task struct {
	op   order.Op
	text []byte
	to   *sink
}

// New starts a writer.
func New(o Options) (*Writer, error) {
	w := &Writer{doorbell: o.Doorbell, ended: make(chan struct{}), delim: o.Delim, ledger: NewLedger(o.Journal, o.InOrder), tellStuck: o.Stuck, looksWarned: looksWarned}
	w.work.L = &w.mu
	w.spool.dir = o.TempDir
	var err error
	if w.stdout, err = newSink(o.Stdout); err != nil {
		return nil, err
	}
	if w.stderr, err = newSink(o.Stderr); err != nil {
		return nil, err
	}
	if o.Failed != nil {
		if w.failed, err = newSink(o.Failed); err != nil {
			return nil, err
		}
	}
	if o.Joblog != nil {
		if w.joblog, err = newSink(o.Joblog); err != nil {
			return nil, err
		}
		w.joblog.whole = true
	}
	if w.stderr.isTerminal() {
		w.stderr.tame = &tame{}
	}
	w.encoder = render.Encoder{Delim: o.Delim, Write: w.stdout.write}
	w.status.attach(w.stderr, w.stdout)
	if o.Journal != nil {
		w.stdout.tap = o.Journal.Wrote
		o.Journal.Start(w.fail)
	}
	widen(w.stdout.fd)
	w.apart(o.Stderr)
	go w.run()
	return w, nil
}

// Submit hands in operations, which are copied. Their Data is the writer's
// until Completed returns them.
func (w *Writer) Submit(ops []order.Op) {
	if len(ops) == 0 {
		return
	}
	w.mu.Lock()
	for i := range ops {
		w.queue = append(w.queue, task{op: ops[i]})
	}
	w.mu.Unlock()
	w.work.Signal()
}

// Failed writes records, with their delimiters, to the file for failed jobs, if
// there is one. They are copied. The last of the input may lack its delimiter, and
// gets one: others may fail after it.
func (w *Writer) Failed(records []byte) {
	if w.failed == nil {
		return
	}
	if n := len(records); n > 0 && records[n-1] != w.delim {
		records = append(records[:n:n], w.delim)
	}
	w.text(w.failed, records)
}

// Joblog writes whole lines, which are copied, to the joblog, if there is one.
func (w *Writer) Joblog(lines []byte) {
	if w.joblog != nil {
		w.text(w.joblog, lines)
	}
}

// Message writes a line, with its newline, to stderr. The line is copied. It
// begins a line, even where a job's stderr did not end its own.
func (w *Writer) Message(line []byte) { w.text(w.stderr, line) }

// Status makes line, which has no newline, the last line of stderr, in place of
// the one before; an empty line takes it away. Where stderr is no terminal, it
// is written as a line like others, but only every few seconds. It never waits
// and nothing queues up: a line that has not been drawn when the next one comes
// never is.
func (w *Writer) Status(line string) {
	w.mu.Lock()
	w.state, w.restated = line, true
	w.mu.Unlock()
	w.work.Signal()
	if w.Stuck() > patience {
		w.status.offer(line)
	}
}

// patience is how long a stdout may take nothing before the status, which else is
// drawn when all is written, does not wait for it.
const patience = 200 * time.Millisecond

// Stuck is for how long stdout has not taken what it is given; 0 when it has.
func (w *Writer) Stuck() time.Duration { return w.stdout.stuck() }

func (w *Writer) text(to *sink, b []byte) {
	w.mu.Lock()
	w.backlog += int64(len(b))
	if n := len(w.queue); n > 0 && w.queue[n-1].to == to && len(w.queue[n-1].text)+len(b) <= joinBelow {
		w.queue[n-1].text = append(w.queue[n-1].text, b...)
	} else {
		w.queue = append(w.queue, task{to: to, text: append([]byte(nil), b...)})
	}
	w.mu.Unlock()
	w.work.Signal()
}

// Backlog returns the bytes of records and messages that wait to be written.
// No credit bounds them: a caller that finds many takes in no more work.
func (w *Writer) Backlog() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.backlog
}

// Completed appends the operations that were carried out since the last call.
func (w *Writer) Completed(dst []order.Op) []order.Op {
	w.mu.Lock()
	defer w.mu.Unlock()
	dst = append(dst, w.done...)
	clear(w.done)
	w.done = w.done[:0]
	return dst
}

// Hush says whether operations that are carried out need no doorbell: they are
// collected some time. When they are waited for again, the doorbell makes up for
// what it has not said.
func (w *Writer) Hush(on bool) {
	w.mu.Lock()
	late := w.hushed && !on && len(w.done) > 0
	w.hushed = on
	w.mu.Unlock()
	if late {
		w.doorbell()
	}
}

// Err returns why results, or the records of failed jobs, can be written no
// more: ErrClosed, or which file it was and what went wrong. It does not go
// away.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// SpillErr returns why the temporary file takes no more, while it holds less
// than it was given: what it did not take is in memory, so no more work is to
// be taken in. It is nil again when that memory is free.
func (w *Writer) SpillErr() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spillErr
}

// Close waits until all that was handed in is written, ends the writer and
// returns Err. Nothing may be handed in after. A run that is to stop at once
// does not call it: a stdout that nobody reads would make it wait for ever.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.work.Signal()
	<-w.ended
	w.closeJournal()
	return w.Err()
}
