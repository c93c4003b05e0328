package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

// keeps welcomes a worker whose jobs are kept for it.
func keeps(grace time.Duration, resumed bool) codec.Welcome {
	w := usual()
	w.Grace, w.Resumed = grace, resumed
	return w
}

// knock takes the next connection of a worker up to a welcome.
func (d *door) knock(w codec.Welcome) (*coordinator, codec.Hello) {
	d.t.Helper()
	c := d.answer()
	if c == nil {
		d.t.Fatal("the worker has the wrong key")
	}
	h := c.hello()
	c.stingy = true
	c.welcome(w)
	return c, h
}

// holds takes what the worker says that it has, told as "1-3 7/2": 7 as attempt 2.
// It does not answer the Ping behind that.
func (c *coordinator) holds(want string) {
	c.t.Helper()
	f := c.frame()
	m, err := codec.ParseHeld(f.Payload)
	if f.Type != codec.TypeHeld || err != nil || !m.Last {
		c.t.Fatalf("a %v (%v) instead of a whole Held", f.Type, err)
	}
	var got []string
	for _, s := range m.Spans {
		text := fmt.Sprint(s.Seq)
		if s.Count > 1 {
			text += fmt.Sprintf("-%d", s.Seq+s.Count-1)
		}
		if s.Attempt > 1 {
			text += fmt.Sprintf("/%d", s.Attempt)
		}
		got = append(got, text)
	}
	if text := strings.Join(got, " "); text != want {
		c.t.Fatalf("the worker has %q, want %q", text, want)
	}
}

// goOn answers the Ping that follows: what is needed no more has been told.
func (c *coordinator) goOn() {
	c.t.Helper()
	f := c.frame()
	if f.Type != codec.TypePing || string(f.Payload) != heldPing {
		c.t.Fatalf("a %v %q", f.Type, f.Payload)
	}
	c.send(codec.TypePong, f.Payload)
}

// A keptWorker works for a coordinator that comes and goes. Jobs that
// begin with "slow" last until go is called.
type keptWorker struct {
	*runner
	*door
	over string
}

func newKept(t *testing.T, change func(*Config)) *keptWorker {
	k := &keptWorker{door: newDoor(t, "unix"), over: filepath.Join(t.TempDir(), "over")}
	cfg := sh(t, `read -r x; case $x in slow*) >`+k.over+`.not; until [ -e `+k.over+` ]; do sleep .01; done; esac; echo "$x"`)
	if change != nil {
		change(&cfg)
	}
	cfg.Connect, cfg.Wait = []string{k.addr}, patience
	k.runner = start(t, cfg)
	return k
}

// slowed waits for a slow job to be begun.
func (k *keptWorker) slowed() {
	k.door.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(k.over + ".not"); err == nil {
			return
		}
	}
	k.door.t.Fatal("no slow job is begun")
}

// release lets the slow jobs end.
func (k *keptWorker) release() {
	k.door.t.Helper()
	if err := os.WriteFile(k.over, nil, 0o600); err != nil {
		k.door.t.Fatal(err)
	}
}

// bye ends the run.
func (k *keptWorker) bye(c *coordinator) {
	k.door.t.Helper()
	c.over(0)
	c.slots(0)
	c.goodbye(done)
	if err := k.runner.end(); err != nil {
		k.door.t.Errorf("got %v", err)
	}
}

func TestWorkGoesOnWithoutAConnection(t *testing.T) {
	k := newKept(t, nil)
	c, first := k.knock(keeps(time.Hour, false))
	c.jobs(1, 1, "a")
	c.jobs(2, 3, "slow", "b", "c")
	if o := c.result(); o.Seq != 1 {
		t.Fatalf("job %d is answered first", o.Seq)
	}
	c.conn.Close()

	c, again := k.knock(keeps(time.Hour, true))
	if again.Session != first.Session {
		t.Error("the session is another")
	}
	c.holds("1 2-4/3")
	k.release()
	c.ack(0, 1) // the one before did not arrive
	c.used = 0
	c.goOn()
	for seq, want := range []string{2: "slow\n", 3: "b\n", 4: "c\n"} {
		if want == "" {
			continue
		}
		if o := c.result(); o.Seq != uint64(seq) || o.Attempt != 3 || string(o.Stdout) != want {
			t.Errorf("job %d as attempt %d printed %q, want %q of job %d", o.Seq, o.Attempt, o.Stdout, want, seq)
		}
	}
	c.ack(c.used, 2, 3, 4)
	k.bye(c)
}

// What was sent in part is sent from its beginning.
func TestLargeResultIsOfferedAgain(t *testing.T) {
	k := newKept(t, func(cfg *Config) { *cfg = config(t, "cat") })
	c, _ := k.knock(keeps(time.Hour, false))
	record := strings.Repeat("x", 300_000) + "\n"
	for from := 0; from < len(record); from += 50_000 {
		c.jobPart(7, 1, record[from:min(from+50_000, len(record))], from+50_000 >= len(record))
	}
	if f := c.next(); f.Type != codec.TypeResultPart {
		t.Fatalf("a %v instead of a part", f.Type)
	}
	c.conn.Close()

	c, _ = k.knock(keeps(time.Hour, true))
	c.holds("7")
	c.goOn()
	if o := c.result(); o.Seq != 7 || string(o.Stdout) != record {
		t.Errorf("job %d printed %d bytes, want %d", o.Seq, len(o.Stdout), len(record))
	}
	c.ack(c.used, 7)
	k.bye(c)
}

func TestWhoIsNotWaitedForBeginsAnew(t *testing.T) {
	for name, change := range map[string]func(*codec.Welcome){
		"not resumed": func(w *codec.Welcome) { w.Resumed = false },
		"another run": func(w *codec.Welcome) { w.Resumed, w.Run = false, [16]byte{9} },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKept(t, nil)
			c, _ := k.knock(keeps(time.Hour, false))
			c.jobs(1, 1, "slow") // and it is never released: it has to be ended
			c.echo()
			c.conn.Close()
			w := keeps(time.Hour, true)
			change(&w)
			c, _ = k.knock(w)
			c.jobs(1, 2, "new")
			if o := c.result(); o.Attempt != 2 || string(o.Stdout) != "new\n" {
				t.Errorf("attempt %d printed %q", o.Attempt, o.Stdout)
			}
			c.ack(c.used, 1)
			k.bye(c)
		})
	}
}

// When the grace is over the jobs are ended, whether or not there is a coordinator.
func TestGraceOfTheWorkerEnds(t *testing.T) {
	k := newKept(t, nil)
	c, _ := k.knock(keeps(time.Millisecond, false))
	c.jobs(1, 1, "slow")
	c.echo()
	c.conn.Close()
	for end := time.Now().Add(patience); !k.logged.has("given up waiting"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the worker says nothing")
		}
		if l, ok := k.ln.(interface{ SetDeadline(time.Time) error }); ok {
			_ = l.SetDeadline(time.Now().Add(20 * time.Millisecond))
		}
		if conn, err := k.ln.Accept(); err == nil {
			conn.Close()
		}
	}
	c, _ = k.knock(keeps(time.Hour, true)) // who may think that it is in time
	c.holds("")
	c.goOn()
	k.bye(c)
}

// A worker that is to leave while it has no connection brings home what it has.
func TestDrainWithoutAConnection(t *testing.T) {
	drain := make(chan struct{})
	k := newKept(t, func(cfg *Config) { cfg.Drain = drain })
	c, _ := k.knock(keeps(time.Hour, false))
	c.jobs(1, 1, "slow")
	c.jobs(2, 1, "waits")
	c.echo()
	k.slowed()
	close(drain)
	c.slots(0)
	c.gaveBack("2")
	c.conn.Close()
	c, _ = k.knock(keeps(time.Hour, true))
	c.holds("1")
	c.slots(0)
	c.goOn()
	k.release()
	if o := c.result(); string(o.Stdout) != "slow\n" {
		t.Errorf("it printed %q", o.Stdout)
	}
	c.ack(c.used, 1)
	c.goodbye(done)
	if err := k.runner.end(); err != nil {
		t.Errorf("got %v", err)
	}
}

// In line mode whole lines are offered again, and so are the parts of one that is
// still being printed.
func TestLinesAreOfferedAgain(t *testing.T) {
	over := filepath.Join(t.TempDir(), "over")
	k := newKept(t, func(cfg *Config) {
		*cfg = sh(t, `while read -r x; do case $x in
			long) head -c 200000 /dev/zero | tr '\0' y; until [ -e `+over+` ]; do sleep .01; done; echo ;;
			*) echo "$x" ;; esac; done`)
		cfg.Lines = true
	})
	k.over = over
	c, _ := k.knock(keeps(time.Hour, false))
	c.jobs(1, 1, "a", "b")
	for n := uint64(0); n < 2; {
		f := c.next()
		m, err := codec.ParseAnswers(f.Payload)
		if f.Type != codec.TypeAnswers || err != nil {
			t.Fatalf("a %v (%v)", f.Type, err)
		}
		n += m.Count
	}
	c.jobs(3, 1, "long", "c")
	if f := c.next(); f.Type != codec.TypeResultPart {
		t.Fatalf("a %v instead of a part", f.Type)
	}
	c.conn.Close()

	c, _ = k.knock(keeps(time.Hour, true))
	c.holds("1-4")
	c.goOn()
	k.release()
	lines := map[uint64]string{}
	for len(lines) < 4 || !strings.HasSuffix(lines[3], "\n") {
		switch f := c.next(); f.Type {
		case codec.TypeAnswers:
			m, err := codec.ParseAnswers(f.Payload)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Fields(string(m.Lines)) {
				lines[m.Seq+uint64(i)] = line
			}
		case codec.TypeResultPart:
			m, err := codec.ParseResultPart(f.Payload)
			if err != nil || m.Seq != 3 {
				t.Fatalf("a part of job %d (%v)", m.Seq, err)
			}
			lines[3] += string(m.Data)
		case codec.TypeResults:
			m, rest, err := codec.NextResult(f.Payload)
			if err != nil || m.Seq != 3 || len(rest) > 0 {
				t.Fatalf("the end of job %d (%v)", m.Seq, err)
			}
			lines[3] += string(m.Stdout)
		case codec.TypeSlots:
		default:
			t.Fatalf("a %v", f.Type)
		}
	}
	for seq, want := range map[uint64]string{1: "a", 2: "b", 3: strings.Repeat("y", 200_000) + "\n", 4: "c"} {
		if lines[seq] != want {
			t.Errorf("the answer to job %d has %d bytes (%.10q), want %d", seq, len(lines[seq]), lines[seq], len(want))
		}
	}
}
