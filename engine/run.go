package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/output"
	"github.com/jobpipe/jobpipe/engine/render"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/server"
	"github.com/jobpipe/jobpipe/engine/split"
	"github.com/jobpipe/jobpipe/engine/trace"
	"github.com/jobpipe/jobpipe/engine/watch"
)

// ErrStdoutClosed says that the reader of stdout has gone, as head(1) does.
var ErrStdoutClosed = output.ErrClosed

// A Run is one run: from the first line of stdin to the last result.
type Run struct {
	opt      Options
	log      *message.Log
	journal  *commit.Log // nil: none
	said     []string    // by the journal, while nobody could write it
	id       [16]byte
	items    chan split.Item
	pool     *batch.Pool
	writer   *output.Writer
	server   *server.Server
	acceptor *accept.Acceptor // nil: no address is open
	trace    *trace.File      // nil: none
	began    time.Time        // what all times are counted from
	recorder *trace.Recorder  // nil: none
	size     func() int64     // of stdin, in bytes; -1: not known
	watch    *watch.Server    // nil: nobody may watch
	listFile string           // to be removed; empty: none
}

// How --buffer is divided: jobs as they were read, results that wait, and
// results that workers may have under way.
const (
	jobsShare    = 8
	resultsShare = 2
	windowShare  = 8
	leastJobs    = 4 << 20
	leastWindow  = 4 << 20
)

// Open opens the addresses for workers and gets everything ready. No job is
// read before Do. Of its errors the user can do something about most, and they
// say what.
func Open(o Options) (*Run, error) {
	r := &Run{opt: o, items: make(chan split.Item, 4)}
	r.log = message.New("jobpipe", o.Say, func(line []byte) { r.writer.Message(line) })
	if _, err := rand.Read(r.id[:]); err != nil {
		return nil, fmt.Errorf("making the name of the run: %w", err)
	}
	if o.Journal != "" {
		if err := r.openJournal(); err != nil {
			return nil, err
		}
	}
	if len(o.Listen) > 0 {
		r.acceptor = accept.New(accept.Config{
			Keys:     func() []codec.Key { return o.Keys },
			Insecure: o.Insecure,
			Enroll:   func(c net.Conn, p accept.Peer) { r.server.Enroll(c, p, r.acceptor.Left) },
			Log:      r.log,
		})
	}
	bound := make([]string, 0, len(o.Listen))
	for _, addr := range o.Listen {
		name, err := r.acceptor.Listen(addr)
		if err != nil {
			r.close()
			return nil, err
		}
		bound = append(bound, name)
	}
	if o.HTTP != "" {
		var err error
		if r.watch, err = watch.Open(o.HTTP); err != nil {
			r.close()
			return nil, fmt.Errorf("--http: %w", err)
		}
	}
	if err := r.beginFiles(); err != nil {
		r.close()
		return nil, err
	}
	if err := r.assemble(strings.Join(bound, " or ")); err != nil {
		r.close()
		return nil, err
	}
	r.sayJournal()
	r.beginWatch()
	if r.acceptor != nil {
		r.acceptor.Serve()
		for _, name := range bound {
			r.log.Info("listening", "addr", name)
		}
	}
	if o.ListenFile != "" {
		if err := r.writeListenFile(bound); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

// assemble makes the parts of the run and starts the writer and the event loop.
func (r *Run) assemble(waits string) (err error) {
	o := &r.opt
	r.pool = batch.NewPool(max(o.Buffer/jobsShare, leastJobs))
	r.writer, err = output.New(output.Options{
		Stdout: o.Stdout, Stderr: o.Stderr, Failed: o.Failed, Joblog: o.Joblog,
		Journal: r.journal, InOrder: o.KeepOrder, Delim: o.Delim,
		Stuck: func() {
			if !o.Progress { // which says it, too
				r.log.Warn("stdout takes nothing", "waiting for stdout, which takes nothing")
			}
		},
		Doorbell: func() { r.server.Kick() },
	})
	if err != nil {
		return err
	}
	ending := o.Delim
	if o.Format == render.JSONLines {
		ending = '\n'
	}
	r.began = time.Now()
	r.beginTrace()
	r.size = sizeOf(o.Stdin)
	r.server, err = server.New(server.Config{
		Run:       r.id,
		Began:     r.began,
		Schedule:  schedule.Config{Delim: o.Delim, Retries: o.Retries, MaxLost: o.MaxLost, Speculate: o.Speculate, Rate: o.Rate},
		Timeout:   o.Timeout,
		Halt:      o.Halt,
		DeadAfter: o.DeadAfter,
		Grace:     o.Grace,
		Compress:  server.Policy(o.Compress),
		MaxJob:    o.MaxJob,
		Window:    max(o.Buffer/windowShare, leastWindow),
		Items:     r.items,
		Pool:      r.pool,
		Stage:     order.New(o.KeepOrder, ending, o.Buffer/resultsShare),
		Writer:    r.writer,
		Journal:   r.journal,
		Waits:     waits,
		Joblog:    o.Joblog != nil,
		Format:    o.Format,
		Log:       r.log,
		Trace:     r.recorder,
		Watch:     o.Summary || r.watch != nil,
	})
	if err != nil {
		return err
	}
	return r.server.Start()
}

// writeListenFile makes the file appear with all addresses in it.
func (r *Run) writeListenFile(bound []string) error {
	path := r.opt.ListenFile
	text := strings.Join(bound, "\n") + "\n"
	part := path + ".part"
	err := os.WriteFile(part, []byte(text), 0o666)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("cannot write the addresses to %s: %w", path, reason(err))
	}
	r.listFile = path
	return nil
}

// reason is what went wrong, without the name of the file: our messages have it.
func reason(err error) error {
	var e *os.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Do reads jobs until stdin ends, and returns when every result is written.
// Once drain is closed it takes no more jobs, and finishes those that run; when
// ctx is done it stops at once. Neither is an error: the Report tells. It may
// be called once.
func (r *Run) Do(ctx context.Context, drain <-chan struct{}) (Report, error) {
	defer r.close()

	stopShowing := r.show()
	reading, stopReading := context.WithCancel(context.Background())
	defer stopReading()
	input := make(chan error, 1)
	go func() {
		s := split.Splitter{Delim: r.opt.Delim, MaxJob: r.opt.MaxJob, Pool: r.pool, Items: r.items, Wake: r.server.Kick, Journal: r.journal}
		input <- s.Run(reading, r.opt.Stdin)
	}()

	working, stopWorking := context.WithCancel(context.Background())
	defer stopWorking()
	defer context.AfterFunc(ctx, func() {
		if r.opt.Command != nil {
			r.opt.Command.Hurry()
		}
		stopWorking()
		r.server.Stop(server.Halt)
	})()
	local := make(chan error, 1)
	if r.opt.Command != nil {
		go func() { local <- r.work(working) }()
	}

	localDone, failure := r.await(drain, stopReading, local)
	stopShowing()
	stopReading()
	r.pool.Close()
	if r.opt.Command != nil && !localDone {
		<-local // it was told; what it runs is ended
	}
	if r.server.Counts.Ended.Load() {
		// Only a splitter that has seen the end, or an error, says that it ended.
		// Otherwise it may wait for stdin for ever.
		if err := <-input; failure == nil {
			failure = err
		}
	}
	if r.server.Counts.Halted.Load() && failure == nil {
		failure = fmt.Errorf("stopped by --halt %v", r.opt.Halt)
	}
	last := r.lastLook()
	if err := r.finish(ctx); err != nil {
		failure = err // nothing is worse than results that are not written
	}
	r.endWatch(last, failure)
	return r.report(), failure
}

// await returns when the run is over, and says whether this machine's own worker
// is done, and what ended the run early or makes it incomplete.
func (r *Run) await(drain <-chan struct{}, stopReading func(), local <-chan error) (localDone bool, failure error) {
	for {
		select {
		case <-r.server.Over():
			return localDone, failure
		case <-drain:
			drain = nil
			stopReading()
			r.server.Stop(server.Drain)
			r.log.Tell("finishing", "finishing the jobs that run, and taking no more; a second signal stops at once", "why", "signal")
		case err := <-local:
			localDone = true
			if err != nil && r.acceptor == nil {
				failure = err
				r.server.Stop(server.Halt)
			} else if err != nil {
				r.log.Warn("own worker ended", fmt.Sprintf("%v; only workers that connect go on", err), "why", err)
			}
		}
	}
}

// finish ends what brings results to stdout.
func (r *Run) finish(ctx context.Context) error {
	if r.acceptor != nil {
		r.acceptor.Close()
	}
	err := r.server.Close()
	r.endTrace()
	if ctx.Err() != nil || r.writer.Err() != nil {
		// A stdout that nobody reads would make us wait for ever.
		return r.writer.Err()
	}
	r.log.Close()
	r.summarize()
	written := make(chan error, 1)
	go func() { written <- r.writer.Close() }()
	select {
	case werr := <-written:
		if werr != nil {
			return werr
		}
	case <-ctx.Done(): // it may be a stderr that nobody reads
		return r.writer.Err()
	}
	if err != nil {
		return fmt.Errorf("ending the event loop: %w", err)
	}
	return nil
}

// close undoes what Open did to the outside. It may be called again.
func (r *Run) close() {
	if r.acceptor != nil {
		r.acceptor.Close()
	}
	if r.watch != nil {
		r.watch.Close(nil)
	}
	if r.listFile != "" {
		_ = os.Remove(r.listFile)
		r.listFile = ""
	}
}

func (r *Run) report() Report {
	c := &r.server.Counts
	return Report{Read: c.Read.Load(), Done: c.Done.Load(), Failed: c.Failed.Load(), Resumable: r.journal != nil}
}
