package worker

import (
	"net"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// A visit is a connection of a worker to one of several coordinators.
type visit struct {
	*door
	conn net.Conn
}

// visited is where a worker knocks, of two coordinators that it knows.
func visited(t *testing.T, change func(*Config)) (<-chan visit, *runner) {
	t.Helper()
	visits := make(chan visit)
	cfg := config(t, "cat")
	for range 2 {
		d := newDoor(t, "unix")
		cfg.Connect = append(cfg.Connect, d.addr)
		go func() {
			for {
				conn, err := d.ln.Accept()
				if err != nil {
					return
				}
				visits <- visit{d, conn}
			}
		}()
	}
	cfg.Wait = patience
	change(&cfg)
	t.Cleanup(func() {
		for {
			select {
			case v := <-visits:
				v.conn.Close()
			default:
				return
			}
		}
	})
	return visits, start(t, cfg)
}

// enter takes the next visit up to the welcome.
func enter(t *testing.T, visits <-chan visit, w codec.Welcome) (string, *coordinator) {
	t.Helper()
	addr, c := greet(t, visits)
	c.welcome(w)
	return addr, c
}

// enterWith sends a frame together with the welcome, before the worker can get bored.
func enterWith(t *testing.T, visits <-chan visit, kind codec.Type, payload []byte) (string, *coordinator) {
	t.Helper()
	addr, c := greet(t, visits)
	w := usual()
	c.window = int(w.Credit)
	b := c.enc.Append(nil, codec.TypeWelcome, codec.AppendWelcome(nil, w))
	if err := c.write(c.enc.Append(b, kind, payload)); err != nil {
		t.Fatal(err)
	}
	return addr, c
}

func greet(t *testing.T, visits <-chan visit) (string, *coordinator) {
	t.Helper()
	select {
	case v := <-visits:
		c := v.open(v.conn)
		c.hello()
		return v.addr, c
	case <-time.After(patience):
		t.Fatal("the worker does not knock")
		return "", nil
	}
}

// work gives the worker a job.
func (c *coordinator) work(seq uint64) {
	c.t.Helper()
	c.jobs(seq, 1, "job")
	if got := c.result(); string(got.Stdout) != "job\n" {
		c.t.Errorf("got %q", got.Stdout)
	}
	c.ack(len("job\n"), seq)
}

// bye ends the run.
func (c *coordinator) bye() {
	c.t.Helper()
	c.over(0)
	c.slots(0)
	c.goodbye(done)
}

func TestEveryRunIsServed(t *testing.T) {
	began := map[bool]bool{}
	for range 40 { // all begin with the same one: once in 2^39 times
		var first string
		visits, r := visited(t, func(cfg *Config) { first, cfg.lull = cfg.Connect[0], time.Hour })
		one, c := enter(t, visits, usual())
		c.work(1)
		c.bye()
		two, c := enter(t, visits, usual())
		c.work(1)
		c.bye()
		if err := r.end(); err != nil || one == two {
			t.Fatalf("worked for %s and %s: %v", one, two, err)
		}
		began[one == first] = true
	}
	if len(began) != 2 {
		t.Error("all workers begin with the same coordinator")
	}
}

func TestWhoHasWorkIsServed(t *testing.T) {
	visits, r := visited(t, func(cfg *Config) { cfg.lull = 20 * time.Millisecond })
	idle, c := enter(t, visits, usual())
	c.slots(0)
	c.goodbye(done)
	jobs := codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 2, Attempt: 1, Records: []byte("a\nb\n")})
	for range 2 { // one that had work, and has no more, is left, too
		works, c := enterWith(t, visits, codec.TypeJobs, jobs)
		if works == idle {
			t.Fatal("the worker has come back to who has no work")
		}
		c.result()
		c.result()
		c.ack(2, 1)
		time.Sleep(100 * time.Millisecond)
		c.echo() // a result that is not safe is work
		c.ack(2, 2)
		c.slots(0)
		c.goodbye(done)
		idle = works
	}
	_, c = enterWith(t, visits, codec.TypeOver, codec.AppendOver(nil, codec.Over{}))
	c.slots(0)
	c.goodbye(done)
	_, c = enter(t, visits, usual())
	time.Sleep(100 * time.Millisecond)
	c.work(1) // the only one that is left is stayed with
	c.bye()
	if err := r.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

// One that is alone, or has work, is never left.
func TestSearchGrowsPatient(t *testing.T) {
	cfg := Config{Connect: []string{"a", "b"}, lull: time.Second, Log: logTo(t)}
	s := newSearch(&cfg)
	for range 10 {
		s.had("a", true, errNoWork)
	}
	if cfg.idle != lastIdle {
		t.Errorf("after nobody has had work: %v", cfg.idle)
	}
	s.had("a", true, errIdle)
	if cfg.idle != time.Second {
		t.Errorf("after one has had some: %v", cfg.idle)
	}
	if s.over("a") || cfg.idle != 0 {
		t.Errorf("with one that is left: %v", cfg.idle)
	}
	if !s.over("b") {
		t.Error("none is left")
	}
}

// A worker that is to come back to a run does not go to another one meanwhile: what it
// has is of that run.
func TestWhoIsLostIsNotLeft(t *testing.T) {
	visits, r := visited(t, func(cfg *Config) { cfg.lull = time.Hour })
	home, c := enter(t, visits, keeps(time.Hour, false))
	c.jobs(1, 1, "job")
	c.result()
	c.conn.Close()
	for range 3 {
		addr, conn := "", net.Conn(nil)
		select {
		case v := <-visits:
			addr, conn = v.addr, v.conn
		case <-time.After(patience):
			t.Fatal("the worker does not come back")
		}
		conn.Close()
		if addr != home {
			t.Fatal("the worker has gone to another run")
		}
	}
	back, c := enter(t, visits, keeps(time.Hour, true))
	c.holds("1")
	c.goOn()
	if got := c.result(); string(got.Stdout) != "job\n" || back != home {
		t.Errorf("got %q", got.Stdout)
	}
	c.ack(len("job\n"), 1)
	c.bye()
	other, c := enter(t, visits, usual())
	c.bye()
	if err := r.end(); err != nil || other == home {
		t.Errorf("got %v", err)
	}
}

// When a run is over and nobody else is there, it has been enough.
func TestNobodyElseIsThere(t *testing.T) {
	d, r := runs(t, func(cfg *Config) {
		cfg.Connect, cfg.Wait = append(cfg.Connect, cfg.Connect[0]+"-nobody"), time.Millisecond
	})
	d.letIn().bye()
	if err := r.end(); err != nil {
		t.Errorf("got %v", err)
	}
	s := newSearch(&Config{Connect: []string{"a", "b"}, Wait: time.Hour, Log: logTo(t)})
	if s.over("a"); s.wait != lastLook {
		t.Errorf("others are looked for for %v", s.wait)
	}
	if s.had("b", true, ErrLost); s.wait != time.Hour {
		t.Errorf("one that was lost is looked for for %v", s.wait)
	}
}
