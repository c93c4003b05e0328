package server

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/accept"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/halt"
	"github.com/jobpipe/jobpipe/engine/live"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/output"
	"github.com/jobpipe/jobpipe/engine/render"
	"github.com/jobpipe/jobpipe/engine/schedule"
	"github.com/jobpipe/jobpipe/engine/socket"
	"github.com/jobpipe/jobpipe/engine/split"
	"github.com/jobpipe/jobpipe/engine/trace"
)

// Config is what a run is made of. The server uses the parts it is given and
// closes none of them.
type Config struct {
	Run       [16]byte
	Began     time.Time       // what all times are counted from
	Schedule  schedule.Config // MaxBytes is set by New
	Timeout   time.Duration   // of one job, for the workers
	Halt      halt.When       // to end before the input does
	DeadAfter time.Duration
	Grace     time.Duration // how long jobs are kept for a worker whose connection was cut; 0: they are not
	Compress  Policy
	MaxJob    int64
	Window    int64 // bytes of results that all workers together may have under way

	Items  <-chan split.Item // closed at the end of the input
	Pool   *batch.Pool
	Stage  *order.Stage
	Writer *output.Writer
	// Journal remembers the run; nil: nothing does.
	Journal *commit.Log
	Waits   string // where workers are waited for, for the message that there are none
	Joblog  bool   // tell Writer of each job that has ended
	Format  render.Format

	Log   *message.Log
	Trace *trace.Recorder // counts from Began, too; nil: none
	Watch bool            // somebody may watch what the slots do: see Strips
}

// Counts is how far the run is. It may be read from any goroutine.
type Counts struct {
	Read, Done, Failed, Workers atomic.Int64
	Ended                       atomic.Bool // Read is all there is
	Halted                      atomic.Bool // the run ends early, as --halt says
}

// Server is the event loop's state.
type Server struct {
	gnet.BuiltinEventEngine
	Config
	Counts Counts

	client *gnet.Client
	loop   gnet.EventLoop // set once, by Start
	bell   net.Conn       // keeps the loop's own connection open
	start  time.Time
	bye    time.Duration // how long workers are waited for at the end
	over   chan struct{}

	kicked atomic.Bool
	ticked atomic.Bool
	order  atomic.Int32 // the most urgent Stop asked for
	alarm  *time.Timer  // kicks when the rate allows more jobs; the event loop sets it

	// The event loop's own, all below.
	sched     *schedule.Scheduler
	scratch   *codec.Scratch
	peers     map[schedule.WorkerID]*peer
	lastID    schedule.WorkerID
	sessions  map[[16]byte]*peer // the last connection of each worker that may return
	away      []*peer            // their jobs are kept for them
	dirty     []*peer            // have something to write this turn
	spare     []*codec.Vector    // memory for frames to be written
	frameRoom [][]byte           // memory for frames of which a part has come
	linked    int                // connections that may have linked payloads
	links     socket.Links       // to all peers
	head      []byte             // of the payload being made
	acts      []schedule.Action
	ops       []order.Op
	receipts  []order.Receipt
	windows   int64   // of all peers, in all
	owing     []*peer // have had acknowledgements to send since the last tick
	pressing  []*peer // of those, the ones who may be waiting for them

	logged  render.Joblog
	objects render.Objects
	joblog  []byte   // lines being made
	slices  [][]byte // of frames being written
	text    []byte   // results being worded

	noAnswer []byte // what stands for the answer of a job that has none
	eof      bool   // no more jobs will be taken in
	// Of jobs that earlier runs have settled.
	pastDone, pastFailed int64
	stopped              bool // before the end of the input
	phase                phase
	deadline             time.Duration // of ending
	looked               time.Duration // when time was last looked at
	awake                time.Duration // as long as this process has run, without the time it was stopped
	hushed               time.Duration // no word about having no workers before this
	spilled              bool          // the temporary file is in use, and that was told
	retryAt              time.Duration // of results that the temporary file did not take
	lamented             time.Duration // when it was last said that it takes no more; 0: never

	// For those who watch.
	watched        *watched      // nil: nobody may
	closing        *live.Closing // set before over is closed
	failures       live.Recent
	read           int64         // bytes of the input
	retried        int64         // attempts that failed and were not the last
	received, sent int64         // bytes
	carried        bool          // the writer has carried something out since it was last looked
	flowed         time.Duration // when that was last seen, or it had nothing to do
}

// New returns a server that has not started.
func New(conf Config) (*Server, error) {
	conf.Schedule.MaxBytes = recordRoom
	conf.Schedule.Keep = conf.Joblog || conf.Format != render.Text
	s := &Server{
		Config:   conf,
		start:    conf.Began,
		bye:      byePatience,
		hushed:   firstWord,
		over:     make(chan struct{}),
		sched:    schedule.New(conf.Schedule),
		scratch:  codec.NewScratch(),
		peers:    map[schedule.WorkerID]*peer{},
		sessions: map[[16]byte]*peer{},
	}
	if conf.Watch {
		s.watched = &watched{lane: live.NewLane(0, 0, nil), wall: s.start.UnixMicro()}
	}
	s.alarm = time.AfterFunc(time.Hour, s.Kick)
	s.alarm.Stop()
	client, err := gnet.NewClient(s,
		gnet.WithNumEventLoop(1),
		gnet.WithReadBufferCap(256<<10),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithLogger(gnetLog{conf.Log}))
	if err != nil {
		return nil, fmt.Errorf("starting the event loop: %w", err)
	}
	s.client = client
	return s, nil
}

// Start starts the event loop.
func (s *Server) Start() error {
	if err := s.client.Start(); err != nil {
		return fmt.Errorf("starting the event loop: %w", err)
	}
	near, far, err := socket.Pair()
	if err != nil {
		return fmt.Errorf("starting the event loop: %w", err)
	}
	s.bell = far
	// The loop can be reached only through a connection of its own.
	c, err := s.client.EnrollContext(near, nil)
	if err != nil {
		return fmt.Errorf("starting the event loop: %w", err)
	}
	s.loop = c.EventLoop()
	go s.clock()
	return nil
}

// tick is how often time is looked at.
const tick = 100 * time.Millisecond

// clock makes the loop look at the time.
func (s *Server) clock() {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.ticked.Store(true)
			s.Kick()
		case <-s.over:
			return
		}
	}
}

// Enroll takes over the connection of a worker that was let in. It calls left
// once when the connection is gone. It must not be called after Close.
func (s *Server) Enroll(conn net.Conn, w accept.Peer, left func()) {
	p := &peer{Peer: w, left: left}
	if _, err := s.client.EnrollContext(conn, p); err != nil {
		s.Log.Warn("worker not taken on", fmt.Sprintf("worker %s cannot be taken on: %v", w.Hello.Name, err), p.attrs("why", err)...)
		left()
	}
}

// Over is closed when every result is written and every worker has been told,
// or when the run was stopped.
func (s *Server) Over() <-chan struct{} { return s.over }

// Close stops the event loop. Nothing may be enrolled any more.
func (s *Server) Close() error {
	defer s.bell.Close()
	return s.client.Stop()
}

// Kick makes the loop take a turn soon. It may be called from any goroutine,
// and costs next to nothing while a kick is pending.
func (s *Server) Kick() {
	if !s.kicked.Swap(true) {
		_ = s.loop.Execute(context.Background(), s) // fails only when the loop has ended
	}
}

// Run is the turn that Kick asks for; gnet calls it on the loop.
func (s *Server) Run(context.Context) error {
	s.kicked.Store(false)
	s.turn()
	return nil
}

func (s *Server) now() time.Duration { return time.Since(s.start) }
