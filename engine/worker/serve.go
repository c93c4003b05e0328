package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// Serve works on a connection on which the next bytes are the Hello, and
// closes it. It returns nil when the run is over or Drain made it leave; the
// error of ctx; or an error that wraps ErrLost, ErrRefused or
// command.ErrCannotRun. Run's connections end with errIdle and errNoWork, too.
func Serve(ctx context.Context, conn net.Conn, cfg Config) error {
	defer conn.Close()
	l, err := serve(ctx, conn, codec.Secrets{}, &cfg, nil)
	if l != nil {
		l.end()
	}
	return err
}

// errOverEarly: the run was over before we were welcomed.
var errOverEarly = errors.New("the run is over")

// serve works on a connection. It goes on with a link that has lost its
// connection, if there is one and the coordinator wants that. It returns the link
// that waits for another connection, if one does.
func serve(ctx context.Context, conn net.Conn, secrets codec.Secrets, cfg *Config, l *link) (*link, error) {
	c, w, err := join(ctx, conn, secrets, cfg)
	if err != nil && err != errOverEarly {
		return l, err
	}
	if l != nil && !(w.Resumed && w.Run == l.welcome.Run) {
		l.end() // nobody waits any more for what there is
		l = nil
	}
	if err == errOverEarly {
		return nil, nil
	}
	fresh := l == nil
	if fresh {
		l = newLink(cfg, w)
		l.begin()
	}
	c.link = l
	c.attach()
	if w.Resumed {
		c.resume(windowOf(w))
	}
	cfg.working(conn.RemoteAddr(), w)
	if fresh {
		l.guard()
	}
	err = c.serve(ctx)
	if errors.Is(err, ErrLost) && w.Grace > 0 && cfg.session != [16]byte{} {
		l.until = time.Now().Add(w.Grace)
		if c.silent {
			l.until = l.until.Add(-c.dead)
		}
		return l, err
	}
	l.end()
	return nil, err
}

// serve works on the connection until it is lost, or there is no more to do.
func (c *connection) serve(ctx context.Context) error {
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(c.read)
	all.Go(c.write)
	all.Go(func() { c.heartbeat(stop) })
	reason, sentence, err := c.supervise(ctx)
	if !errors.Is(err, ErrLost) {
		c.retire()
		c.stopJobs() // those that still run are not waited for by anybody
		c.working.Wait()
		c.leave(reason, sentence)
	}
	close(stop)
	c.fail(ErrLost) // ends the goroutines
	all.Wait()
	c.detach()
	return err
}

// windowOf is how many bytes of results may be under way.
func windowOf(w codec.Welcome) int64 { return int64(min(w.Credit, 1<<40)) }

// join says hello and waits to be welcomed.
func join(ctx context.Context, conn net.Conn, secrets codec.Secrets, cfg *Config) (*connection, codec.Welcome, error) {
	var w codec.Welcome
	c := &connection{
		conn: conn, in: codec.NewDecoder(codec.NewScratch()), out: codec.NewEncoder(codec.NewScratch()),
		base: make([]byte, readSize),
		over: make(chan struct{}), broken: make(chan struct{}),
	}
	c.buf = c.base[:0]
	c.in.SetCipher(secrets.Recv)
	c.out.SetCipher(secrets.Send)

	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetWriteDeadline(time.Now().Add(openPatience))
	_, err := conn.Write(c.out.Append(nil, codec.TypeHello, appendHello(cfg)))
	if err != nil {
		return nil, w, c.lost(err, openPatience)
	}
	f, err := c.frame(openPatience)
	if ctx.Err() != nil {
		return nil, w, ctx.Err()
	}
	if err != nil {
		return nil, w, err
	}
	switch f.Type {
	case codec.TypeWelcome:
	case codec.TypeOver:
		return nil, w, errOverEarly
	case codec.TypeRefuse:
		r, err := codec.ParseRefuse(f.Payload)
		if err != nil {
			return nil, w, violation("%v", err)
		}
		return nil, w, fmt.Errorf("%w: %s", ErrRefused, codec.Clean(r.Reason))
	default:
		return nil, w, violation("a frame of type %d instead of a welcome", f.Type)
	}
	if w, err = codec.ParseWelcome(f.Payload); err != nil {
		return nil, w, violation("%v", err)
	}
	_ = conn.SetWriteDeadline(time.Time{})
	c.dead = min(max(w.DeadAfter, LeastDead), MostDead)
	c.in.SetCompression(w.Compression)
	c.out.SetCompression(w.Compression)
	c.writer = &writer{connection: c, start: time.Now()}
	return c, w, nil
}

// supervise waits for a reason to end, and lets what can finish do so. It
// returns what to say to the coordinator, and what to return.
func (c *connection) supervise(ctx context.Context) (reason uint8, sentence string, err error) {
	drain, useless, idle := c.cfg.Drain, c.useless, c.idle
	var late <-chan time.Time
	bored := newBoredom(c.cfg)
	defer bored.Stop()
	for {
		select {
		case <-c.broken:
			select {
			case <-c.over: // and then it closed the connection, as it may
				return done, "", nil
			default:
			}
			if err == nil {
				err = c.err
			}
			return reason, sentence, err
		case <-ctx.Done():
			return bySignal, "", ctx.Err()
		case <-c.over:
			return done, "", nil
		case <-drain:
			drain = nil
			c.retire()
		case now := <-bored.C:
			if why := bored.look(now, c.link); why != nil {
				bored.Stop()
				err = cmp.Or(err, why)
				c.retire()
			}
		case <-useless:
			useless = nil
			err = c.cannot
			reason, sentence = cannotRun, err.Error()
			c.cfg.Log.Warn("cannot run jobs", sentence, "why", sentence)
			c.retire()
		case <-idle:
			idle = nil
			late = time.After(ackPatience)
		case <-c.quiet:
			return reason, sentence, err
		case <-late:
			c.cfg.Log.Warnf("the coordinator did not take the last results; it will have them made again")
			return reason, sentence, err
		}
	}
}

// leave says goodbye after all else, and waits a little for it to be read: to
// close with something unread from the other side would take it back.
func (c *connection) leave(reason uint8, sentence string) {
	c.mu.Lock()
	c.say(codec.TypeGoodbye, appendGoodbye(reason, sentence))
	c.leaving = true
	c.wake()
	c.mu.Unlock()
	select {
	case <-c.broken: // the coordinator closes when it has read it
	case <-time.After(byePatience):
	}
}
