package accept

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/message"
)

// Config is what an Acceptor needs.
type Config struct {
	// Keys returns the keys that are accepted now. It is called once for each
	// stranger, from several goroutines.
	Keys func() []codec.Key
	// Insecure lets anybody in, without encryption, over TCP too.
	Insecure bool
	// Limit is how many connections there may be at once; 0: as many as the
	// limit of descriptors allows.
	Limit int
	// Enroll takes over a worker that was let in. The connection is the
	// receiver's, and so is the duty to call Left once when it is gone. It is
	// called from several goroutines, never after Close has returned.
	Enroll func(net.Conn, Peer)
	Log    *message.Log
}

const (
	patience = 5 * time.Second // from accept to Hello

	// reserve is how many descriptors are kept for files, pipes and strangers
	// about to be turned away.
	reserve = 164

	minPause = 100 * time.Millisecond // after an error of accept, doubled
	maxPause = time.Second            // up to this
)

// Acceptor holds the open addresses and those who are on their way in.
type Acceptor struct {
	conf     Config
	limit    int
	patience time.Duration
	start    time.Time
	closing  chan struct{}  // closed by Close
	running  sync.WaitGroup // loops and handshakes

	mu        sync.Mutex // guards what follows
	listeners []*listener
	strangers map[*stranger]struct{}
	gate      gate
	held      int        // connections: strangers and workers handed over
	room      *sync.Cond // held has fallen, or closed is set
	fullSaid  time.Time  // when the limit was last spoken of
	closed    bool
}

// New returns an Acceptor with no address open.
func New(conf Config) *Acceptor {
	a := &Acceptor{
		conf:      conf,
		limit:     allowed(conf.Limit, descriptors()),
		patience:  patience,
		start:     time.Now(),
		closing:   make(chan struct{}),
		strangers: map[*stranger]struct{}{},
	}
	a.room = sync.NewCond(&a.mu)
	return a
}

// Listen opens an address and returns it as a worker would write it, a port 0
// replaced by the real one. Workers can connect from now on and are served from
// Serve on. Call it before other goroutines create files: see listenUnix.
func (a *Acceptor) Listen(addr string) (bound string, err error) {
	l, err := listen(addr)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listeners = append(a.listeners, l)
	return l.name, nil
}

// Serve begins to accept on all addresses that are open, and returns.
func (a *Acceptor) Serve() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	for _, l := range a.listeners {
		a.running.Go(func() { a.serve(l) })
	}
}

// Private reads the Hello of a worker in this process, at the other end of a
// private socket. It does not count against any limit.
func Private(conn net.Conn) (Peer, error) {
	s := &stranger{conn: conn, local: true}
	return s.hello(codec.Secrets{})
}

// Left tells that a worker handed over is gone.
func (a *Acceptor) Left() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release()
}

// release makes room for a connection. The caller holds a.mu.
func (a *Acceptor) release() {
	a.held--
	a.room.Broadcast()
}

// Close stops accepting, closes the connections of strangers, and waits for
// calls of Enroll to return. Workers handed over stay connected.
func (a *Acceptor) Close() {
	a.mu.Lock()
	first := !a.closed
	a.closed = true
	listeners := a.listeners
	a.listeners = nil
	for s := range a.strangers {
		_ = s.conn.Close()
	}
	a.room.Broadcast()
	a.mu.Unlock()
	if first {
		close(a.closing)
	}
	for _, l := range listeners {
		l.close()
	}
	a.running.Wait()
}

// serve accepts on one address until Close.
func (a *Acceptor) serve(l *listener) {
	pause := time.Duration(0)
	var said time.Time
	for a.awaitRoom() {
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			a.receive(l, conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if time.Since(said) > lineEvery {
			said = time.Now()
			a.conf.Log.Warn("cannot accept", trouble(l.name, err), "addr", l.name, "why", errnoOf(err))
		}
		pause = min(max(2*pause, minPause), maxPause)
		select {
		case <-time.After(pause):
		case <-a.closing:
			return
		}
	}
}

// trouble is what to tell about an error of accept. None ends accepting: those
// of one connection pass with it, those of the machine when others let go.
func trouble(name string, err error) string {
	for _, scarce := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, scarce) {
			return fmt.Sprintf("new workers have to wait: %v; those connected go on (ulimit -n is %d)", scarce, descriptors())
		}
	}
	return fmt.Sprintf("accepting on %s: %v; trying again", name, errnoOf(err))
}

// awaitRoom waits until one more connection may be open. It returns false when
// the Acceptor is closed. Several listeners may find the same last place, and
// so go over the limit by their number at most.
func (a *Acceptor) awaitRoom() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.held >= a.limit && !a.closed {
		if time.Since(a.fullSaid) > lineEvery {
			a.fullSaid = time.Now()
			held := a.held
			a.mu.Unlock() // the event loop must not wait for a slow log in Left
			a.conf.Log.Warn("too many connections",
				fmt.Sprintf("%d connections are open, which is the limit; new workers have to wait (ulimit -n is %d)", held, descriptors()),
				"open", held, "ulimit", descriptors())
			a.mu.Lock()
			continue
		}
		a.room.Wait()
	}
	return !a.closed
}

// receive lets a new connection begin its handshake, or turns it away.
func (a *Acceptor) receive(l *listener, conn net.Conn) {
	s := &stranger{conn: conn, local: l.local, addr: l.name}
	if !l.local {
		s.addr = conn.RemoteAddr().String()
		addr, _ := netip.ParseAddrPort(s.addr)
		s.source = sourceOf(addr.Addr())
		s.reach = func(at stage) {
			a.mu.Lock()
			defer a.mu.Unlock()
			s.ticket.reach(time.Since(a.start), at)
		}
	}
	_ = conn.SetDeadline(time.Now().Add(a.patience))

	a.mu.Lock()
	enter := !a.closed
	if enter && !l.local {
		var out *ticket
		s.ticket, out, enter = a.gate.enter(time.Since(a.start), s.source, rand.Float64())
		a.turnOut(out)
	}
	if enter {
		a.held++
		a.strangers[s] = struct{}{}
	}
	a.mu.Unlock()

	if enter {
		a.running.Go(func() { a.meet(s) })
		return
	}
	s.busy() // does not block: nothing has been written to this socket yet
	_ = conn.Close()
	a.complain(s, errCrowd)
}

var errCrowd = errors.New("too many try to connect at once")

// turnOut closes the connection of one whose place went to another. The caller
// holds a.mu.
func (a *Acceptor) turnOut(t *ticket) {
	if t == nil {
		return
	}
	for s := range a.strangers { // a hundred, and those of Unix sockets
		if s.ticket == t {
			_ = s.conn.Close()
			return
		}
	}
}

// meet sees one stranger through, to Enroll or to the door.
func (a *Acceptor) meet(s *stranger) {
	peer, err := s.handshake(&a.conf)

	a.mu.Lock()
	delete(a.strangers, s)
	if !s.local {
		// Whoever we hang up on has not failed.
		a.gate.leave(time.Since(a.start), s.ticket, !s.proven && !a.closed)
		if s.ticket.lost {
			err = errCrowd
		}
	}
	enroll := err == nil && !a.closed
	if !enroll {
		a.release()
	}
	a.mu.Unlock()

	if enroll {
		_ = s.conn.SetDeadline(time.Time{})
		a.conf.Enroll(s.conn, peer)
		return
	}
	_ = s.conn.Close()
	if err != nil && !errors.Is(err, errSilent) {
		a.complain(s, err)
	}
}

// complain writes a line about a refusal, if it is time for one.
func (a *Acceptor) complain(s *stranger, err error) {
	a.mu.Lock()
	untold, ok := a.gate.say(time.Since(a.start), s.source)
	ok = ok && !a.closed
	a.mu.Unlock()
	if !ok {
		return
	}
	sentence := fmt.Sprintf("refused %s: %v", s.addr, err)
	if untold > 0 {
		sentence += fmt.Sprintf(" (and %d more from there since the last such line)", untold)
	}
	a.conf.Log.Warn("refused", sentence, "addr", s.addr, "why", err, "more", untold)
}

// allowed is how many connections there may be, given the limit the user set
// (0: none) and that of descriptors. Where those are few, a quarter of them is
// ours: accept may then still fail, and goes on.
func allowed(limit, descriptors int) int {
	most := max(descriptors-reserve, descriptors/4, 1)
	if limit > 0 {
		most = min(most, limit)
	}
	return most
}

// descriptors is how many files this process may have open.
func descriptors() int {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 256 // the least that is usual
	}
	return int(min(uint64(r.Cur), 1<<20))
}
