package worker

import (
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
// command.ErrCannotRun.
func Serve(ctx context.Context, conn net.Conn, cfg Config) error {
	defer conn.Close()
	return serve(ctx, conn, codec.Secrets{}, &cfg)
}

// errOverEarly: the run was over before we were welcomed.
var errOverEarly = errors.New("the run is over")

func serve(ctx context.Context, conn net.Conn, secrets codec.Secrets, cfg *Config) error {
	l, err := join(ctx, conn, secrets, cfg)
	if err == errOverEarly {
		return nil
	}
	if err != nil {
		return err
	}
	var slots []func()
	for n := range cfg.Slots {
		work, end, err := l.slot(n)
		if err != nil {
			l.cannot, slots = err, nil // jobs may be on the way: they go back
			close(l.useless)
			break
		}
		defer end()
		slots = append(slots, work)
	}

	var all, working sync.WaitGroup
	stop := make(chan struct{})
	all.Go(l.read)
	all.Go(l.write)
	all.Go(func() { l.heartbeat(stop) })
	for _, work := range slots {
		working.Go(work)
	}

	reason, sentence, err := l.supervise(ctx)
	l.retire()
	l.stopJobs() // those that still run are not waited for by anybody
	working.Wait()
	if !errors.Is(err, ErrLost) {
		l.leave(reason, sentence)
	}
	close(stop)
	l.fail(ErrLost) // ends the goroutines
	all.Wait()
	l.results.close()
	return err
}

// join says hello and waits to be welcomed.
func join(ctx context.Context, conn net.Conn, secrets codec.Secrets, cfg *Config) (*link, error) {
	scratchOut, scratchIn := codec.NewScratch(), codec.NewScratch()
	l := &link{
		cfg: cfg, conn: conn,
		in: codec.NewDecoder(scratchIn), out: codec.NewEncoder(scratchOut),
		base:    make([]byte, readSize),
		running: make([]running, cfg.Slots),
		idle:    make(chan struct{}), quiet: make(chan struct{}), over: make(chan struct{}),
		broken: make(chan struct{}), useless: make(chan struct{}),
	}
	l.work.L, l.send.L = &l.mu, &l.mu
	l.buf = l.base[:0]
	l.in.SetCipher(secrets.Recv)
	l.out.SetCipher(secrets.Send)

	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	_ = conn.SetWriteDeadline(time.Now().Add(openPatience))
	_, err := conn.Write(l.out.Append(nil, codec.TypeHello, appendHello(cfg)))
	if err != nil {
		return nil, l.lost(err, openPatience)
	}
	f, err := l.frame(openPatience)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	switch f.Type {
	case codec.TypeWelcome:
	case codec.TypeOver:
		return nil, errOverEarly
	case codec.TypeRefuse:
		r, err := codec.ParseRefuse(f.Payload)
		if err != nil {
			return nil, violation("%v", err)
		}
		return nil, fmt.Errorf("%w: %s", ErrRefused, codec.Clean(r.Reason))
	default:
		return nil, violation("a frame of type %d instead of a welcome", f.Type)
	}
	if l.welcome, err = codec.ParseWelcome(f.Payload); err != nil {
		return nil, violation("%v", err)
	}
	_ = conn.SetWriteDeadline(time.Time{})
	l.dead = min(max(l.welcome.DeadAfter, LeastDead), MostDead)
	window := int64(min(l.welcome.Credit, 1<<40))
	l.results = outbox{window: window, credit: window, kept: map[uint64]*result{}}
	l.results.answers.kept = map[uint64]*answer{}
	l.out.SetCompression(l.welcome.Compression)
	l.writer = &writer{link: l, start: time.Now()}
	return l, nil
}

// supervise waits for a reason to end, and lets what can finish do so. It
// returns what to say to the coordinator, and what to return.
func (l *link) supervise(ctx context.Context) (reason uint8, sentence string, err error) {
	drain, useless, idle := l.cfg.Drain, l.useless, l.idle
	var late <-chan time.Time
	for {
		select {
		case <-l.broken:
			select {
			case <-l.over: // and then it closed the connection, as it may
				return done, "", nil
			default:
			}
			if err == nil {
				err = l.err
			}
			return reason, sentence, err
		case <-ctx.Done():
			return bySignal, "", ctx.Err()
		case <-l.over:
			return done, "", nil
		case <-drain:
			drain = nil
			l.retire()
		case <-useless:
			useless = nil
			err = l.cannot
			reason, sentence = cannotRun, err.Error()
			l.cfg.Log("%s", sentence)
			l.retire()
		case <-idle:
			idle = nil
			late = time.After(ackPatience)
		case <-l.quiet:
			return reason, sentence, err
		case <-late:
			l.cfg.Log("the coordinator did not take the last results; it will have them made again")
			return reason, sentence, err
		}
	}
}

// leave says goodbye after all else, and waits a little for it to be read: to
// close with something unread from the other side would take it back.
func (l *link) leave(reason uint8, sentence string) {
	l.mu.Lock()
	l.say(codec.TypeGoodbye, appendGoodbye(reason, sentence))
	l.leaving = true
	l.wake()
	l.mu.Unlock()
	select {
	case <-l.broken: // the coordinator closes when it has read it
	case <-time.After(byePatience):
	}
}
