package worker

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A link is one connection to a coordinator, from Welcome to the end.
type link struct {
	cfg     *Config
	conn    net.Conn
	welcome codec.Welcome
	dead    time.Duration // silence after which the coordinator is gone

	in   *codec.Decoder // the reader's
	base []byte         // the reader's memory
	buf  []byte         // the reader's: bytes in base that no frame was made of yet
	rec  *assembly      // the reader's: a record of which parts have come
	out  *codec.Encoder // the writer's

	writer *writer // who sends; see there who owns it

	mu      sync.Mutex // guards all below
	work    sync.Cond  // a slot may have a reason to wake
	send    sync.Cond  // the writer may have a reason to wake
	queue   queue
	results outbox
	control []byte // frames' types and payloads that go before results, see say
	running []running
	lines   []*lines  // the slots in line mode
	hungry  []*lines  // have a process and nothing for it
	stalled []*lines  // have no room for what their process says
	hinted  sync.Once // what --lines asks of a command
	busy    int       // slots that run a job
	retired bool      // takes no more jobs
	paused  bool      // starts no jobs for now: the system lacks something
	pause   time.Duration
	sending bool          // the writer has an owner
	leaving bool          // the writer ends when it has nothing to send
	wrote   bool          // since the last heartbeat
	alone   bool          // the coordinator knows that we are retired
	idle    chan struct{} // closed when retired and no slot is busy
	quiet   chan struct{} // closed when idle, alone, and every result is acknowledged
	over    chan struct{} // closed when the coordinator says so
	broken  chan struct{} // closed when err is set
	err     error
	cannot  error         // the command cannot be run
	useless chan struct{} // closed when cannot is set
}

// running is what a slot does.
type running struct {
	seq    uint64 // 0: nothing
	cancel context.CancelFunc
}

// shut closes a channel once. The link's mutex is held.
func shut(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// fail breaks the link. The first reason counts.
func (l *link) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		close(l.broken)
	}
	l.wake()
	_ = l.conn.Close()
}

// wake makes everybody look again. The link's mutex is held.
func (l *link) wake() {
	l.rested()
	l.work.Broadcast()
	// To be woken for nothing costs a thread, with each Ack. Who sends looks again.
	if l.leaving || l.err != nil || !l.sending && !l.writer.nothing() {
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

// heartbeat says something when nothing has been said for a third of what the
// coordinator takes for death.
func (l *link) heartbeat(stop <-chan struct{}) {
	tick := time.NewTicker(l.dead / 3)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		l.mu.Lock()
		if !l.wrote && len(l.control) == 0 {
			l.say(codec.TypePing, make([]byte, 8))
		}
		l.wrote = false
		l.mu.Unlock()
	}
}
