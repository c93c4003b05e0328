package command

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// A desk is what a Filter of a test gets its records from and answers to.
type desk struct {
	t      *testing.T
	f      *Filter
	delim  byte
	mu     sync.Mutex
	news   *sync.Cond
	in     [][]byte // not taken yet
	closed bool     // no more will come
	taken  int
	out    bytes.Buffer
	room   []byte
	lines  int // answers
	most   int // records that were ever owed
	runs   int
	full   bool // there is no room
}

func newDesk(t *testing.T, opt Options, argv ...string) *desk {
	t.Helper()
	if opt.KillAfter == 0 {
		opt.KillAfter = time.Minute // a test that needs KILL says so
	}
	c, err := New(argv, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f, err := c.Filter(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	d := &desk{t: t, f: f, delim: '\n', room: make([]byte, 64<<10)}
	d.news = sync.NewCond(&d.mu)
	return d
}

func shDesk(t *testing.T, line string) *desk {
	t.Helper()
	return newDesk(t, Options{}, "sh", "-c", line)
}

func (d *desk) Take(n int) (records []byte, count int, last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = min(n, len(d.in))
	records = bytes.Join(d.in[:n], nil)
	d.in = d.in[n:]
	d.taken += n
	d.most = max(d.most, d.taken-d.lines)
	return records, n, d.closed
}

func (d *desk) Room() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return nil
	}
	return d.room
}

// clear makes room.
func (d *desk) clear() {
	d.mu.Lock()
	d.full = false
	d.mu.Unlock()
	d.f.Ring()
}

func (d *desk) Read(n int) (answered int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out.Write(d.room[:n])
	answered = bytes.Count(d.room[:n], []byte{d.delim})
	if d.lines+answered > d.taken {
		answered = d.taken - d.lines
		d.f.End(Unrunnable, "too many")
	}
	d.lines += answered
	d.news.Broadcast()
	return answered
}

// give hands in records.
func (d *desk) give(records ...string) {
	d.mu.Lock()
	for _, r := range records {
		d.in = append(d.in, append([]byte(r), d.delim))
	}
	d.mu.Unlock()
	d.f.Ring()
}

// end says that no more records come.
func (d *desk) end() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.f.Ring()
}

// run runs one process.
func (d *desk) run(timeout time.Duration) Result {
	d.t.Helper()
	d.runs++
	r, err := d.f.Run(context.Background(), d, "run", timeout)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// begin starts a process that the test pumps, by a time of its own.
func (d *desk) begin(timeout time.Duration) *Filter {
	d.t.Helper()
	d.f.talk = talk{work: d, timeout: timeout}
	p, err := d.f.start()
	if err != nil {
		d.t.Fatal(err)
	}
	d.f.p = p
	return d.f
}

// printed waits until there is something of that process to be read.
func (d *desk) printed() {
	d.t.Helper()
	for end := time.Now().Add(patience); !readable(d.f.p.out); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatal("the process prints nothing")
		}
	}
}

// finish ends that process, unless it was, and tells how it ended.
func (d *desk) finish() Result {
	p := d.f.p
	p.end(Unrunnable, "")
	p.left()
	p.closeOutput()
	return p.result(time.Now(), p.reap())
}

// serve runs processes, as many as it takes for all answers, while feed hands
// in records.
func (d *desk) serve(feed func()) {
	d.t.Helper()
	var fed sync.WaitGroup
	fed.Go(func() {
		feed()
		d.end()
	})
	for over := false; !over; {
		d.run(0)
		d.mu.Lock()
		over = d.closed && len(d.in) == 0
		if d.taken != d.lines {
			d.t.Fatalf("%d records were taken, %d answered", d.taken, d.lines)
		}
		d.mu.Unlock()
	}
	fed.Wait()
}

// await waits for n answers in all.
func (d *desk) await(n int) {
	d.t.Helper()
	late := time.AfterFunc(patience, func() {
		d.mu.Lock()
		panic(fmt.Sprintf("%s: %d of %d answers have come", d.t.Name(), d.lines, n))
	})
	defer late.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.lines < n {
		d.news.Wait()
	}
}

func (d *desk) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.String()
}

// rows is what was printed, line by line.
func (d *desk) rows() []string {
	return strings.Split(strings.TrimSuffix(d.text(), "\n"), "\n")
}
