package simulation

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/disk/disktest"
	"github.com/jobpipe/jobpipe/engine/journal"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/output"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

// With a journal a run may have several lives. The process is killed, between
// two operations on the disk or in the middle of one, or the disk fails, or the
// run is stopped before its end; then perhaps the power is cut. Each time it is
// started again with the same input, and goes on with what is on the disk.
// Workers may come back, with what they have of the life before.

// remains is what a process leaves behind, and one that follows finds.
type remains struct {
	files   *disktest.Disk
	results *disktest.File
	lives   int  // begun
	haunted bool // a worker has vanished because of a job of the life before
}

// A life is one process with a journal.
type life struct {
	journal   *commit.Log // nil: there is none
	source    io.Reader
	syncing   bool // a sync is due, or goes on
	perishing bool
	killed    bool // it did not come to its end
	more      bool // it did, and jobs are left
	gone      bool // nothing happens in it any more
}

// written is what the journal and the results have of a job.
type written struct {
	known    bool // it has been settled
	past     bool // by an earlier life, which has written that down
	recorded bool // the journal has it
	safe     bool // and that is on disk
}

// before is what the results hold when the run begins.
var before = []byte("what was there before\n")

// prepare makes the disk.
func (r *run) prepare() {
	r.files = disktest.New()
	r.results = r.files.Put("results", before)
}

// after and at are those of the clock, for what a process does or is told: when
// it is gone it happens no more.
func (r *run) after(d time.Duration, do func()) { r.at(r.now+d, do) }

func (r *run) at(t time.Duration, do func()) {
	r.clock.at(t, func() {
		if !r.gone {
			do()
		}
	})
}

// playAll plays life after life, and returns how many there were.
func (r *run) playAll() (lives int, err error) {
	for {
		if err = r.play(); err != nil || !r.killed && !r.more {
			return r.lives, err
		}
		r = r.restart()
	}
}

// restart is the process that follows.
func (r *run) restart() *run {
	r.gone = true
	if r.rnd.IntN(2) == 0 {
		r.tell("the power is cut")
		r.files.Cut(r.rnd)
		for seq := range r.all {
			r.all[seq].recorded = r.all[seq].safe
		}
	}
	n := start(&run{
		model:   model{config: r.config, clock: r.clock, input: r.input, ends: r.ends},
		remains: r.remains, rnd: r.rnd, log: r.log,
		pool: batch.NewPool(poolBlocks * batch.BlockSize),
	})
	n.writer.disk = r.writer.disk
	n.all = make([]job, len(r.all))
	for seq := range r.all {
		j := &r.all[seq]
		n.all[seq] = job{took: j.took, fails: j.fails, poison: j.poison, parts: j.parts,
			written: j.written, given: j.given, bad: j.bad, out: j.out}
		n.all[seq].known = j.known || j.state == settled
	}
	for _, w := range r.workers {
		back := w.next == nil && !w.dead && r.rnd.IntN(4) > 0
		w.cut = true
		if back {
			n.after(n.random(pick(r.rnd, 0, time.Second)), func() { n.returns(w) })
		} else if w.next == nil {
			w.dead = true
		}
	}
	return n
}

func (r *run) tell(format string, args ...any) {
	if r.log != nil {
		r.log("%v: "+format, append([]any{r.now}, args...)...)
	}
}

// newcomers is how many workers there are at first, besides those that return.
func (r *run) newcomers() int {
	if r.lives == 1 {
		return r.config.workers
	}
	return 1 + r.rnd.IntN(r.config.workers)
}

// begin begins the life, and decides what will end it.
func (r *run) begin() {
	if r.lives++; !r.journaled {
		return
	}
	d := r.files
	d.Restart()
	if r.troubles > 0 {
		r.troubles--
		if r.rnd.IntN(3) == 0 {
			r.after(r.random(time.Second), r.kill)
		} else {
			d.Trouble = disktest.Trouble(r.rnd.IntN(5))
			d.At = 1 + r.rnd.IntN(pick(r.rnd, 15, 15, 40, 40, 150))
		}
		r.tell("trouble to come: %v at operation %d", d.Trouble, d.At)
	}
	log, err := commit.OpenOn(d, commit.Options{
		Path: "journal", Settings: journal.Settings{Delim: r.Delim, KeepOrder: r.keep}, Run: [16]byte{9}, Say: r.tell,
	}, commit.Place{File: r.results, Path: "results", Inode: 5, Pos: int64(len(r.results.Bytes()))})
	if err != nil {
		r.troubled(err)
		r.kill()
	}
	r.journal = log
	r.source = log.Reader(&stdin{run: r, seq: 1})
	r.writer.paper = paper{ledger: output.NewLedger(log, r.keep), log: log,
		results: r.results, pos: int64(len(r.results.Bytes())), inOrder: r.keep, upTo: 1}
	r.remember()
}

// kill ends the process.
func (r *run) kill() { panic(disktest.Kill{}) }

// troubled checks that there is a reason for an error.
func (r *run) troubled(err error) {
	if r.files.At == 0 || r.files.Ops < r.files.At {
		violated("nothing is wrong with the disk, and yet: %v", err)
	}
	r.tell("%v", err)
}

// remember compares what the journal says of lives before with what happened in
// them: all that was written down is done, only what was settled is, and the
// results are those, each once and whole.
func (r *run) remember() {
	done := uint64(0)
	for seq := uint64(1); seq <= uint64(r.jobs); seq++ {
		j := &r.all[seq]
		past, _ := r.journal.Past(seq)
		failed, _ := r.journal.FailedBefore(seq)
		switch {
		case past && !j.known:
			violated("the journal says that job %d is done, and nobody has settled it", seq)
		case !past && j.recorded:
			violated("job %d is to be run again, though the journal had it", seq)
		case past && r.keep && done < seq-1:
			violated("the journal says that job %d is done, and not all before it", seq)
		case failed != (past && j.bad):
			violated("the journal says that job %d failed: %v, it did: %v", seq, failed, j.bad)
		}
		j.written = written{known: past, past: past, recorded: past, safe: past}
		if past {
			done++
		} else {
			j.given, j.bad, j.out = false, false, nil
		}
	}
	if n := r.journal.Count(); n != done {
		violated("the journal says that %d jobs are done, and names %d", n, done)
	}
	r.checkResults()
	r.tell("life %d begins with %d jobs done", r.lives, done)
}

// checkResults checks that the file has the output of all jobs, as far as they
// have one.
func (r *run) checkResults() {
	got, ok := bytes.CutPrefix(r.results.Bytes(), before)
	if !ok {
		violated("what was in the results before is gone: %.60q", r.results.Bytes())
	}
	r.checkOutput(got)
}

// A stdin is what has arrived.
type stdin struct {
	*run
	seq uint64 // all before this job was read
	off int    // and so much behind that
}

func (s *stdin) Read(b []byte) (int, error) {
	if s.seq > s.arrived {
		if s.arrived == uint64(s.jobs) {
			return 0, io.EOF
		}
		return 0, nil
	}
	rest := s.record(s.seq, s.seq+1)[s.off:]
	n := copy(b, rest)
	if s.off += n; n == len(rest) {
		s.seq, s.off = s.seq+1, 0
	}
	return n, nil
}

// recognise reads what has arrived, and has it compared with what earlier lives
// have read.
func (r *run) recognise() {
	if r.journal == nil {
		return
	}
	b := make([]byte, 4<<10)
	for {
		n, err := r.source.Read(b[:1+r.rnd.IntN(len(b))])
		switch {
		case err == io.EOF && !r.journal.Same():
			violated("the input has ended, and was not recognised")
		case err == io.EOF || n == 0 && err == nil:
			return
		case err != nil:
			violated("the input is the same, and yet: %v", err)
		}
	}
}

// recognised reports whether jobs may be run: nothing is for another input.
func (r *run) recognised() bool { return r.journal == nil || r.journal.Same() }

// sort passes jobs on by what earlier lives have done about them, as the splitter
// does.
func (r *run) sort(next batch.Range) {
	for next.Count > 0 {
		past, until := false, uint64(math.MaxUint64)
		if r.journal != nil {
			past, until = r.journal.Past(next.Seq)
		}
		some := next.Split(r.Delim, int(min(until-next.Seq, uint64(next.Count))))
		if !past {
			r.add(some)
			r.sched.Add(some)
			continue
		}
		some.Block.Release(some.Count)
		r.behind = r.stage.Behind()
		r.skip(some)
		r.stage.Skip(some.Seq, some.Count)
	}
}

// skip notes that jobs are not run, since an earlier life has settled them.
func (m *model) skip(r batch.Range) {
	m.read += uint64(r.Count)
	for seq := r.Seq; seq < r.End(); seq++ {
		m.all[seq].state = settled
		m.settled++
		m.print(seq)
	}
	m.toNext()
}

// prints is how many bytes of a job this life writes.
func (j *job) prints() int {
	if j.past {
		return 0
	}
	return len(j.out)
}

// failedForGood notes that a job is settled as failed, before its output is passed on.
func (r *run) failedForGood(seq uint64) {
	r.all[seq].bad = true
	if r.journal != nil {
		r.journal.Failed(seq)
	}
}

// perish ends a process that can write no more.
func (r *run) perish() {
	if r.perishing {
		return
	}
	r.perishing = true
	r.after(r.random(100*time.Millisecond), func() {
		r.journal.Abandon()
		r.kill()
	})
}

// sync does what the log's own goroutine does: while it waits for the disk,
// others go on.
func (r *run) sync() {
	var recorded []uint64
	for seq := range r.all {
		if j := &r.all[seq]; j.recorded && !j.safe {
			recorded = append(recorded, uint64(seq))
		}
	}
	do := r.journal.Sync
	if r.rnd.IntN(8) == 0 {
		do = r.journal.Checkpoint // which lets nobody write meanwhile
	} else {
		r.files.Meanwhile = func() {
			for range r.rnd.IntN(4) {
				r.step()
			}
		}
	}
	err := do()
	r.syncing, r.files.Meanwhile = false, nil
	if err != nil {
		r.troubled(err)
		r.perish()
		return
	}
	for _, seq := range recorded {
		r.all[seq].safe = true
	}
}

// finishLife ends a life that has come to its end.
func (r *run) finishLife() {
	if r.journal == nil {
		return
	}
	if err := r.journal.Close(); err != nil {
		r.troubled(err)
		r.killed = true
		return
	}
	for seq := range r.all {
		r.all[seq].safe = r.all[seq].recorded
	}
	if r.more = r.stopped; r.more {
		return
	}
	r.checkResults()
	r.nothingIsLeft()
	if r.files.Misuse != "" {
		violated("%s", r.files.Misuse)
	}
}

// nothingIsLeft checks that one more life would have nothing to do.
func (r *run) nothingIsLeft() {
	was := bytes.Clone(r.results.Bytes())
	r.files.Restart()
	r.files.Cut(rand.New(rand.NewPCG(uint64(r.lives), 0))) // all is on disk
	r.troubles = 0
	n := &run{model: r.model, remains: r.remains, rnd: r.rnd, log: r.log}
	for seq := range r.all {
		n.all[seq].known = true
	}
	n.begin()
	if left := uint64(r.jobs) - n.journal.Count(); left > 0 || !bytes.Equal(was, r.results.Bytes()) {
		violated("all is done, and then %d jobs are to be run again", left)
	}
}

// returns lets a worker come back to a process that does not know it.
func (r *run) returns(w *worker) {
	if w.dead {
		return
	}
	n := *w
	n.run = r
	n.peer = &peer{id: schedule.WorkerID(len(r.workers) + 1)}
	n.peer.origin = n.peer.id
	n.cut, n.waiting, n.stale, n.was = false, true, true, nil
	n.out, n.parts, n.used, n.credit = nil, nil, 0, w.window
	n.aside, n.first, n.extra, n.preferred = 0, 0, 0, 0
	n.upAt, n.downAt = 0, 0
	w.next = &n
	r.workers = append(r.workers, &n)
	n.up(func() {
		n.down(n.forgetLife)
		r.welcome(&n)
		if r.now < r.peace {
			r.plan(&n)
		}
	})
}

// forgetLife is forgetAll, unless a wicked worker offers what it has.
func (w *worker) forgetLife() {
	kept := w.kept
	w.forgetAll()
	if w.wickedly() {
		w.kept = kept
		for _, f := range kept {
			w.offer(f)
		}
	}
}

// A paper is what a writer with a journal writes to.
type paper struct {
	ledger  output.Ledger
	log     *commit.Log // nil: there is none, and no file
	results *disktest.File
	pos     int64          // where the next result begins
	broken  bool           // results are lost
	settled []journal.Span // and not written down
	inOrder bool
	upTo    uint64 // in input order, all before it are settled
}

// put writes bytes of results.
func (w *writer) put(b []byte) error {
	if w.log != nil && len(b) > 0 {
		if _, err := w.results.WriteAt(b, w.pos); err != nil {
			return err
		}
		w.pos += int64(len(b))
		w.log.Wrote(b)
	}
	w.stdout = append(w.stdout, b...)
	return nil
}

// copy writes results that were spilled.
func (w *writer) copy(b []byte) error {
	const copySize = 8 << 10
	for len(b) > 0 {
		n := min(len(b), copySize)
		if err := w.put(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// note notes which jobs the journal is told of.
func (w *writer) note(op *order.Op) {
	switch {
	case w.log == nil || op.Frontier == 0:
	case w.inOrder:
		w.settled = append(w.settled, journal.Span{Lo: w.upTo, Hi: op.Frontier})
		w.upTo = op.Frontier
	default:
		for _, rc := range op.Receipts {
			w.settled = append(w.settled, journal.Span{Lo: rc.Seq, Hi: rc.Seq + uint64(rc.Count)})
		}
	}
}

// writeDown has what was settled appended to the journal.
func (r *run) writeDown() {
	w := &r.writer
	if w.log == nil {
		return
	}
	if err := w.ledger.WriteDown(); err != nil {
		r.troubled(err)
		w.broken = true
		return
	}
	for _, x := range w.settled {
		for seq := x.Lo; seq < x.Hi; seq++ {
			if r.all[seq].state != settled {
				violated("job %d is written down as done in state %d", seq, r.all[seq].state)
			}
			r.all[seq].recorded = true
		}
	}
	w.settled = w.settled[:0]
	if !r.syncing {
		r.syncing = true
		r.after(r.random(time.Second), r.sync)
	}
}
