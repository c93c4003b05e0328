package integration

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/numbers"
	"github.com/jobpipe/jobpipe/integration/opening"
)

// TestHostileWorker: whatever a worker does that has the key, it costs only its
// own connection; it is named, and each job has exactly one result.
func TestHostileWorker(t *testing.T) {
	for _, prank := range pranks {
		t.Run(strings.ReplaceAll(prank.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			r := newHostileRun(t, "mallory")
			if err := prank.play(t, r.mallory, r.given); err != nil {
				t.Fatal(err)
			}
			if prank.mild {
				// A decent goodbye shows that the connection is still there.
				if err := r.mallory.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{})); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.mallory.closed(); err != nil {
				t.Error(err)
			}
			r.end()
			log := r.c.stderr()
			if named := regexp.MustCompile(`worker="?mallory`).MatchString(log); !named {
				t.Errorf("the worker is not named on stderr:\n%s", log)
			}
			if strings.Contains(log, "goroutine ") {
				t.Errorf("something panicked:\n%s", log)
			}
		})
	}
}

// A hostileRun is a coordinator with jobs, some of which mallory was given.
type hostileRun struct {
	*place
	c       *process
	addr    string
	mallory *peer
	given   codec.Jobs
}

const hostileJobs = 200

func newHostileRun(t *testing.T, name string, flags ...string) *hostileRun {
	r := &hostileRun{place: newPlace(t)}
	r.c = r.start("c", strings.Join(append([]string{"jobpipe -v -k --dead-after 2s --grace 0 --max-lost 100 -l unix:sock --listen-file addr <-"}, flags...), " "))
	r.addr = r.address("addr")
	var err error
	if r.mallory, err = meet(r.addr, nil, helloOf(name, 4)); err != nil {
		t.Fatal(err)
	}
	if err := numbers.Write(r.c.feed, hostileJobs); err != nil {
		t.Fatal(err)
	}
	if r.given, err = r.mallory.jobs(); err != nil {
		t.Fatal(err)
	}
	r.given.Records = bytes.Clone(r.given.Records)
	return r
}

// end has the rest done by a decent worker, and checks everything.
func (r *hostileRun) end() {
	r.t.Helper()
	decent, err := meet(r.addr, nil, helloOf("decent", 2))
	if err != nil {
		r.t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() { worked <- decent.serve() }()
	if _, err := await(r.processes, r.abs("c.out"), func(text string) bool { return strings.Count(text, "\n") >= hostileJobs }); err != nil {
		r.t.Error(err)
	}
	if peak, err := peakOf(r.c.cmd.Process.Pid); err != nil || peak > 64<<20 {
		r.t.Errorf("the coordinator has had %d MiB in memory (%v)", peak>>20, err)
	}
	if err := r.c.feed.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.finish(r.c, 0)
	if err := <-worked; err != nil {
		r.t.Error(err)
	}
	var want bytes.Buffer
	_ = numbers.Write(&want, hostileJobs)
	if got := r.read("c.out"); got != want.String() {
		r.t.Errorf("the results are not those of the jobs:\n%.2000s", got)
	}
}

// TestAnotherWorkersJob: an answer to a job that another worker has is not taken.
func TestAnotherWorkersJob(t *testing.T) {
	r := newHostileRun(t, "alice")
	alice := r.mallory
	mallory, err := meet(r.addr, nil, helloOf("mallory", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, attempt := range []uint64{r.given.Attempt, r.given.Attempt + 1} {
		forged := codec.Result{Seq: r.given.Seq, Attempt: attempt, Stdout: []byte("forged\n")}
		mallory.put(codec.TypeResults, codec.AppendResult(nil, forged))
		forged.Code = 1
		mallory.put(codec.TypeResults, codec.AppendResult(nil, forged))
	}
	if err := mallory.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{})); err != nil {
		t.Fatal(err)
	}
	if err := mallory.closed(); err != nil {
		t.Error(err)
	}
	payload, err := alice.echo(nil, r.given)
	if err != nil {
		t.Fatal(err)
	}
	_ = payload
	if err := alice.send(codec.TypeGoodbye, codec.AppendGoodbye(nil, codec.Goodbye{})); err != nil {
		t.Fatal(err)
	}
	if err := alice.closed(); err != nil {
		t.Error(err)
	}
	r.end()
}

// TestCredit: a worker that sends more of its results than it may is hung up on.
// As credit comes back while it sends, it has to be quick.
func TestCredit(t *testing.T) {
	r := newHostileRun(t, "mallory", "--buffer", "1MiB")
	part := codec.ResultPart{Seq: r.given.Seq, Attempt: r.given.Attempt, Stream: 1, Data: bytes.Repeat([]byte("forged\n"), 9000)}
	for range 1 + r.mallory.welcome.Credit/63_000 {
		r.mallory.put(codec.TypeResultPart, codec.AppendResultPart(nil, part))
	}
	for {
		if _, err := r.mallory.conn.Write(r.mallory.queued); err != nil {
			break // it is closed, or the deadline has passed
		}
	}
	if err := r.mallory.closed(); err != nil {
		t.Error(err)
	}
	r.end()
	if log := r.c.stderr(); !regexp.MustCompile(`worker=mallory.* more than it may`).MatchString(log) {
		t.Errorf("stderr does not say what the worker did:\n%s", log)
	}
}

// TestOddHellos: what a worker may say first, and what it may not.
func TestOddHellos(t *testing.T) {
	r := newHostileRun(t, "mallory")
	for _, test := range []struct {
		name   string
		change func(*codec.Hello)
		ok     bool
	}{
		{"versions to come", func(h *codec.Hello) { h.MinVersion, h.MaxVersion = 8, 9 }, false},
		{"this version and those to come", func(h *codec.Hello) { h.MaxVersion = 9 }, true},
		{"versions the wrong way round", func(h *codec.Hello) { h.MinVersion, h.MaxVersion = 9, 1 }, false},
		{"four billion slots", func(h *codec.Hello) { h.Slots = 1<<32 - 1 }, true},
		{"no slots", func(h *codec.Hello) { h.Slots = 0 }, false},
		{"a name to break terminals", func(h *codec.Hello) { h.Name = "\x1b[2J\nworker \x00\xff" }, true},
		{"compressions to come", func(h *codec.Hello) { h.Compressions = 255 }, true},
	} {
		h := helloOf("odd", 1)
		test.change(&h)
		p, err := meet(r.addr, nil, h)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil {
			continue
		}
		if err := p.send(codec.TypeGiveBack, nil); err != nil {
			t.Error(err)
		}
		_ = p.conn.Close()
	}
	_ = r.mallory.conn.Close()
	r.end()
	if log := r.c.stderr(); strings.ContainsAny(log, "\x1b\x00") || !utf8.ValidString(log) {
		t.Errorf("stderr has control characters of a name:\n%q", log)
	}
}

// TestSealedGarbage: on TCP, bytes that are not sealed with the session's key
// end the connection.
func TestSealedGarbage(t *testing.T) {
	p := newPlace(t)
	c := p.start("c", "jobpipe -v -k -l 127.0.0.1:0 --listen-file addr <-")
	addr := p.address("addr")
	for i, garbage := range [][]byte{
		append([]byte{60, 0, 0, 0}, make([]byte, 60)...),
		{17, 0, 0, 0},
		bytes.Repeat([]byte{255}, 1000),
	} {
		mallory, err := meet(addr, keyOf(t, p.dir), helloOf(fmt.Sprintf("mallory%d", i), 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mallory.conn.Write(garbage); err != nil {
			t.Fatal(err)
		}
		if err := mallory.closed(); err != nil {
			t.Error(err)
		}
		if _, err := await(p.processes, p.abs("c.err"), func(log string) bool { return strings.Contains(log, fmt.Sprintf("mallory%d", i)) }); err != nil {
			t.Error(err)
		}
	}
	decent, err := meet(addr, keyOf(t, p.dir), helloOf("decent", 1))
	if err != nil {
		t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() { worked <- decent.serve() }()
	if err := numbers.Write(c.feed, 1000); err != nil {
		t.Fatal(err)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.finish(c, 0)
	if err := <-worked; err != nil {
		t.Error(err)
	}
	if got := strings.Count(p.read("c.out"), "\n"); got != 1000 {
		t.Errorf("%d results instead of 1000", got)
	}
}

// TestReplay: an opening that somebody has recorded opens nothing, and what was
// said after it is not understood.
func TestReplay(t *testing.T) {
	p := newPlace(t)
	c := p.start("c", "jobpipe -v -l 127.0.0.1:0 --listen-file addr <-")
	addr := p.address("addr")
	key := keyOf(t, p.dir)
	o, words := codec.Start(key)
	secrets, err := o.Finish(exchange(t, addr, o, words))
	if err != nil {
		t.Fatal(err)
	}
	out := codec.NewEncoder(codec.NewScratch())
	out.SetCipher(secrets.Send)
	recorded := out.Append(words, codec.TypeHello, codec.AppendHello(nil, helloOf("replayed", 1)))
	if fault := bother(addr, string(recorded)); fault != "" {
		t.Error(fault)
	}
	if err := c.feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.finish(c, 0)
	if log := c.stderr(); strings.Contains(log, "replayed") {
		t.Errorf("the replayed worker got in:\n%s", log)
	}
}

// exchange says an opening on a connection of its own, and returns the answer.
func exchange(t *testing.T, addr string, o *codec.Opening, words []byte) []byte {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, deadline)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(deadline))
	reply, err := opening.Exchange(conn, o, words)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}
