package worker

import (
	"context"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A link is what ties a worker to a coordinator for a run: the jobs, those who
// run them, and the results. It outlives its connections, of which it has one at
// a time, or none for a while.
type link struct {
	cfg     *Config
	welcome codec.Welcome // of the first connection
	working sync.WaitGroup
	ends    []func()  // of the slots
	until   time.Time // it waits so long for another connection; Run's

	mu      sync.Mutex // guards all below
	work    sync.Cond  // a slot may have a reason to wake
	send    sync.Cond  // the writer may have a reason to wake
	queue   queue
	given   uint64 // jobs that were ever put there
	results outbox
	spoken  int    // bytes of control that may wait: answers, and what a connection begins with
	control []byte // frames' types and payloads that go before results, see say; kept only while there is a connection
	running []running
	lines   []*lines  // the slots in line mode
	hungry  []*lines  // have a process and nothing for it
	stalled []*lines  // have no room for what their process says
	hinted  sync.Once // what --lines asks of a command
	excess  sync.Once // it has been said that the command says too much
	busy    int       // slots that run a job
	retired bool      // takes no more jobs
	paused  int       // reasons to start no jobs for now: the system lacks something, or it is crowded
	crowded bool      // the machine is busy, see look
	pause   time.Duration
	on      *connection   // nil while there is none
	ended   bool          // the slots are to end
	alone   bool          // the coordinator knows that we are retired
	idle    chan struct{} // closed when retired and no slot is busy
	quiet   chan struct{} // closed when idle, alone, and every result is acknowledged
	cannot  error         // the command cannot be run
	useless chan struct{} // closed when cannot is set
}

// running is what a slot does.
type running struct {
	seq     uint64 // 0: nothing
	attempt uint64
	cancel  context.CancelFunc
}

// shut closes a channel once. The link's mutex is held.
func shut(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// newLink makes a link whose slots have not started.
func newLink(cfg *Config, w codec.Welcome) *link {
	l := &link{
		cfg: cfg, welcome: w,
		running: make([]running, cfg.Slots), spoken: maxControl,
		idle: make(chan struct{}), quiet: make(chan struct{}), useless: make(chan struct{}),
	}
	l.work.L, l.send.L = &l.mu, &l.mu
	window := windowOf(w)
	l.results = outbox{window: window, credit: window, kept: map[uint64]*result{}}
	l.results.answers.kept = map[uint64]*answer{}
	return l
}

// begin starts the slots.
func (l *link) begin() {
	var slots []func()
	for n := range l.cfg.Slots {
		work, end, err := l.slot(n)
		if err != nil {
			l.cannot, slots = err, nil // jobs may be on the way: they go back
			close(l.useless)
			break
		}
		l.ends = append(l.ends, end)
		slots = append(slots, work)
	}
	for _, work := range slots {
		l.working.Go(work)
	}
}

// end ends all that runs and forgets everything. There must be no connection.
func (l *link) end() {
	l.mu.Lock()
	l.ended = true
	l.wake()
	l.mu.Unlock()
	l.stopJobs()
	l.working.Wait()
	for _, end := range l.ends {
		end()
	}
	l.results.close()
}

// wake makes everybody look again. The link's mutex is held.
func (l *link) wake() {
	l.rested()
	l.work.Broadcast()
	// To be woken for nothing costs a thread, with each Ack. Who sends looks again.
	if c := l.on; c != nil && (c.leaving || c.err != nil || !c.sending && !c.writer.nothing()) {
		l.send.Signal()
	}
	l.ringSlots()
}

// rested notes when nothing is running or kept any more. The link's mutex is held.
func (l *link) rested() {
	if l.retired && l.busy == 0 {
		shut(l.idle)
		if l.alone && len(l.results.kept) == 0 && l.results.answers.empty() {
			shut(l.quiet)
		}
	}
}

// lastPing follows the Slots that says we take no more: when its Pong is there,
// nothing more is on the way to us.
const lastPing = "lastping"

// retire gives back what has not started and takes no more.
func (l *link) retire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.retired {
		return
	}
	l.retired = true
	l.say(codec.TypeSlots, appendSlots(0))
	l.giveAllBack()
	l.say(codec.TypePing, []byte(lastPing))
	l.wake()
}

// giveAllBack returns all that has not started. The link's mutex is held.
func (l *link) giveAllBack() {
	for l.queue.jobs > 0 {
		l.giveBack(l.queue.revoke(l.welcome.Delim, uint64(l.queue.jobs)))
	}
}

// giveBack returns jobs that have no result. The link's mutex is held.
func (l *link) giveBack(spans []span) {
	if len(spans) > 0 {
		l.sayBack(spans)
	}
}

// occupied tells whether a job is not done with, or none can be taken now, and how many
// were ever given.
func (l *link) occupied() (bool, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused > 0 || len(l.held()) > 0, l.given
}

// stopJobs ends all that runs.
func (l *link) stopJobs() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.running {
		if r.seq != 0 {
			r.cancel()
		}
	}
	l.stopLines()
}
