package integration

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A fault is what a nemesis does to a worker, or to the coordinator. It returns
// what ends it, or nil where it is over at once. While it lasts nothing else is
// done to the same process.
type fault struct {
	name   string
	strike func(n *nemesis, f *fighter) (end func())
}

// fatal are the faults that end a process, and with it what it runs.
var fatal = []string{"worker killed", "worker killed with nothing passing", "worker told to leave", "a worker more for a while", "coordinator killed"}

// A fighter is a worker behind a weather of its own. The worker is started
// again when a fault has ended it.
type fighter struct {
	name    string
	weather *weather
	proxy   *proxy // nil: it has none, and
	addr    string // is where it connects to
	begun   int    // processes
	process *process
}

// A nemesis ruins a run. The test's goroutine owns it.
type nemesis struct {
	*place
	rng      *rand.Rand
	c        *process
	served   int    // processes that c has been
	down     bool   // c has been killed
	addr     string // of c
	gate     *gate  // before the reader of stdout; nil with a journal
	line     []string
	fighters []*fighter
	shell    []string       // that starts all processes, with a limit; or nothing
	command  []string       // of the workers
	struck   map[string]int // how often, by the name of the fault
	spares   bool           // what is fatal is not done
}

// clouded is a fault that changes the sky.
func clouded(name string, change func(*sky, *rand.Rand)) fault {
	return fault{name, func(n *nemesis, f *fighter) func() {
		f.weather.change(func(s *sky) { change(s, n.rng) })
		return func() { f.weather.change(func(s *sky) { *s = sky{} }) }
	}}
}

var workerFaults = []fault{
	clouded("latency", func(s *sky, rng *rand.Rand) { s.delay = time.Duration(1+rng.IntN(100)) * time.Millisecond }),
	clouded("a byte at a time", func(s *sky, _ *rand.Rand) { s.piece = 1 }),
	clouded("little bandwidth", func(s *sky, rng *rand.Rand) { s.rate = 2000 + rng.IntN(50_000) }),
	clouded("nothing passes", func(s *sky, _ *rand.Rand) { s.hole = [2]bool{true, true} }),
	clouded("nothing passes to the coordinator", func(s *sky, _ *rand.Rand) { s.hole[up] = true }),
	clouded("nothing passes to the worker", func(s *sky, _ *rand.Rand) { s.hole[down] = true }),
	clouded("no connection is let in", func(s *sky, _ *rand.Rand) { s.refuses = true }),
	clouded("a flipped bit", func(s *sky, rng *rand.Rand) { s.flip[rng.IntN(2)] = true }),
	{"connection reset", func(_ *nemesis, f *fighter) func() { f.weather.cut(true); return nil }},
	{"connection closed", func(_ *nemesis, f *fighter) func() { f.weather.cut(false); return nil }},
	{"worker killed", func(n *nemesis, f *fighter) func() {
		f.process.kill()
		return func() { n.begin(f) }
	}},
	{"worker killed with nothing passing", func(n *nemesis, f *fighter) func() {
		f.weather.change(func(s *sky) { s.hole = [2]bool{true, true} })
		f.process.kill()
		return func() {
			f.weather.change(func(s *sky) { *s = sky{} })
			n.begin(f)
		}
	}},
	{"worker stopped", func(n *nemesis, f *fighter) func() {
		n.signal(f.process, syscall.SIGSTOP)
		return func() { n.signal(f.process, syscall.SIGCONT) }
	}},
	{"worker told to leave", func(n *nemesis, f *fighter) func() {
		n.signal(f.process, syscall.SIGTERM)
		return func() {
			if f.process.running() { // it waits for something that another fault holds up
				f.process.kill()
			} else if status := statusOf(f.process.cmd.ProcessState); status != 128+int(syscall.SIGTERM) && n.c.running() {
				n.t.Errorf("%s was told to leave, and its status is %d; its stderr:\n%s", f.name, status, f.process.stderr())
			}
			n.begin(f)
		}
	}},
}

var coordinatorFaults = []fault{
	{"coordinator stopped", func(n *nemesis, _ *fighter) func() {
		n.signal(n.c, syscall.SIGSTOP)
		return func() { n.signal(n.c, syscall.SIGCONT) }
	}},
	{"a stranger", func(n *nemesis, _ *fighter) func() {
		conn, err := net.DialTimeout("tcp", n.addr, deadline)
		if err != nil {
			return nil // the run is over
		}
		_, _ = conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")[:n.rng.IntN(19)])
		return func() { _ = conn.Close() }
	}},
	{"a worker more for a while", func(n *nemesis, _ *fighter) func() {
		f := &fighter{name: "guest", addr: n.addr, begun: n.struck["a worker more for a while"]}
		n.begin(f)
		return func() { f.process.kill() }
	}},
}

// With a journal the coordinator may be killed, else its stdout is a pipe.
var (
	killing = fault{"coordinator killed", func(n *nemesis, _ *fighter) func() {
		n.c.kill()
		n.down = true
		return func() { n.down = false; n.serve() }
	}}
	blocking = fault{"nobody reads stdout", func(n *nemesis, _ *fighter) func() {
		n.gate.mu.Lock()
		return n.gate.mu.Unlock
	}}
)

// serve starts the coordinator, and leads the workers to it.
func (n *nemesis) serve() {
	n.served++
	_ = os.Remove(n.abs("addr"))
	n.c = n.run(fmt.Sprintf("c-%d", n.served), n.line)
	if !eventually([]*process{n.c}, func() bool {
		text, err := os.ReadFile(n.abs("addr"))
		if err == nil && bytes.HasSuffix(text, []byte("\n")) {
			n.addr = strings.TrimSpace(string(text))
			return true
		}
		return !n.c.running() // there was nothing left to do
	}) {
		n.t.Fatalf("the coordinator does not listen; its stderr:\n%s", n.c.stderr())
	}
	for _, f := range n.fighters {
		f.proxy.lead(n.addr)
	}
}

// over tells whether the run is.
func (n *nemesis) over() bool { return !n.down && !n.c.running() }

// begin starts a worker.
func (n *nemesis) begin(f *fighter) {
	f.begun++
	if f.proxy != nil {
		f.addr = f.proxy.l.Addr().String()
	}
	log := fmt.Sprintf("%s-%d", f.name, f.begun)
	f.process = n.run(log, append([]string{"jobpipe-worker", "-v", "-c", f.addr, "--name", f.name, "-j", "2"}, n.command...))
}

// run starts a process.
func (n *nemesis) run(name string, words []string) *process {
	return n.startIn(n.dir, name, append(n.shell[:len(n.shell):len(n.shell)], words...))
}

func (n *nemesis) signal(p *process, s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// A plague is a fault that lasts.
type plague struct {
	on   int // the index of a fighter, or how many there are for the coordinator
	end  func()
	over time.Time
}

// rage strikes for some time, or until the coordinator has ended. Then all is
// well again.
func (n *nemesis) rage(long time.Duration) {
	over := time.Now().Add(long)
	var lasting []plague
	for !n.over() && time.Now().Before(over) {
		lasting = n.heal(lasting, time.Now())
		on := n.rng.IntN(len(n.fighters) + 1)
		spared := true
		for _, p := range lasting {
			spared = spared && p.on != on
		}
		if spared {
			if end := n.strike(on); end != nil {
				last := time.Duration(20+n.rng.IntN(400)) * time.Millisecond
				if n.rng.IntN(4) == 0 {
					last += mostSilence // it is found out
				}
				lasting = append(lasting, plague{on, end, time.Now().Add(last)})
			}
		}
		time.Sleep(time.Duration(n.rng.IntN(100)) * time.Millisecond)
	}
	n.heal(lasting, over.Add(time.Hour))
}

// strike does something to a fighter, or to the coordinator.
func (n *nemesis) strike(on int) (end func()) {
	var f *fighter
	faults := append(coordinatorFaults, blocking)
	if n.gate == nil {
		faults = append(coordinatorFaults, killing, killing)
	}
	if on < len(n.fighters) {
		faults, f = workerFaults, n.fighters[on]
	}
	if n.spares {
		faults = slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return slices.Contains(fatal, f.name) })
	}
	what := faults[n.rng.IntN(len(faults))]
	if f != nil && !f.process.running() {
		if statusOf(f.process.cmd.ProcessState) == 0 || !n.c.running() {
			return nil // it was told that the run is over
		}
		n.t.Fatalf("%s has ended by itself, with status %d; its stderr:\n%s", f.name, statusOf(f.process.cmd.ProcessState), f.process.stderr())
	}
	n.struck[what.name]++
	return what.strike(n, f)
}

// heal ends what is over by then, and returns what is not.
func (n *nemesis) heal(lasting []plague, by time.Time) (rest []plague) {
	for _, p := range lasting {
		if p.over.Before(by) {
			p.end()
		} else {
			rest = append(rest, p)
		}
	}
	return rest
}
