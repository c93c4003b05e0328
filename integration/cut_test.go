package integration

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A breaker is a network that can be down: then connections end, or in silence
// carry nothing, and no new ones are made.
type breaker struct {
	down   atomic.Bool
	silent bool
}

func (b *breaker) spoil(_ int, _ bool, from, to net.Conn) {
	if b.down.Load() {
		return
	}
	buf := make([]byte, 64<<10)
	for !b.down.Load() || b.silent {
		_ = from.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		n, err := from.Read(buf)
		if e, ok := err.(net.Error); err != nil && !(ok && e.Timeout()) {
			return
		}
		if b.down.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// manyJobs is the input of a run.
func manyJobs(n int) string {
	var jobs strings.Builder
	for i := range n {
		fmt.Fprintf(&jobs, "job %d\n", i)
	}
	return jobs.String()
}

// TestCutForLessThanGrace: nothing is run twice because a network was down, and
// each job has one result. The command notes each of its runs in a file.
func TestCutForLessThanGrace(t *testing.T) {
	for _, test := range []struct {
		name, coordinator, worker string
		silent                    bool
	}{
		{"completion order", "", "-- sh", false},
		{"input order", "-k", "-- sh", false},
		{"line mode", "", "--lines -- sh", false},
		{"line mode in input order", "-k", "--lines -- sh", false},
		{"silence", "-k", "-- sh", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			jobs := manyJobs(60)
			p.write("jobs", jobs)
			p.write("slow", "while read -r x; do echo \"$x\" >> runs; sleep .05; echo \"$x\"; done\n")
			c := p.start("c", strings.TrimSuffix("jobpipe -v --dead-after 500ms -l 127.0.0.1:0 --listen-file addr <jobs "+test.coordinator, " "))
			net := &breaker{silent: test.silent}
			proxy := newProxy(t, p.address("addr"), net.spoil)
			w := p.start("w", "jobpipe-worker -c "+proxy.l.Addr().String()+" --name far -j 2 "+test.worker+" slow")
			for cut, begun := range []int{5, 30} {
				p.until("runs", func(text string) bool { return strings.Count(text, "\n") >= begun })
				net.down.Store(true)
				p.until("c.err", func(text string) bool { return strings.Count(text, "kept=") > cut })
				time.Sleep(700 * time.Millisecond)
				net.down.Store(false)
			}
			p.finish(c, 0)
			p.finish(w, 0)
			p.once(jobs, test.coordinator == "-k")
			if n := strings.Count(c.stderr(), "worker back"); n != 2 {
				t.Errorf("the worker is back %d times:\n%s", n, c.stderr())
			}
		})
	}
}

// until waits until a file is as it should be.
func (p *place) until(file string, is func(text string) bool) {
	p.t.Helper()
	if _, err := await(p.processes, p.abs(file), is); err != nil {
		p.t.Fatal(err)
	}
}

// once checks that each job has its record as its result, and that the file
// "runs" says the same: each was run once.
func (p *place) once(jobs string, inOrder bool) {
	p.t.Helper()
	sorted := func(text string) string {
		return strings.Join(slices.Sorted(strings.Lines(text)), "")
	}
	got := p.read("c.out")
	if got != jobs && (inOrder || sorted(got) != sorted(jobs)) {
		p.t.Errorf("the results are not those of the jobs:\n%s", got)
	}
	if ran := p.read("runs"); sorted(ran) != sorted(jobs) {
		p.t.Errorf("%d runs of %d jobs:\n%s", strings.Count(ran, "\n"), strings.Count(jobs, "\n"), sorted(ran))
	}
}

// TestCutForLongerThanGrace: the jobs go elsewhere, and what comes after that
// changes nothing, be it from the worker or never again.
func TestCutForLongerThanGrace(t *testing.T) {
	for name, killed := range map[string]bool{"the worker returns": false, "the worker is killed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			jobs := manyJobs(40)
			p.write("jobs", jobs)
			p.write("job", "read -r x; echo \"$x\" >> runs-$JOBPIPE_WORKER; until [ -e go-$JOBPIPE_WORKER ]; do sleep .02; done; echo \"$x\"\n")
			c := p.start("c", "jobpipe -v -k --dead-after 300ms --grace 1s --max-lost 9 -l 127.0.0.1:0 --listen-file addr <-")
			net := &breaker{}
			proxy := newProxy(t, p.address("addr"), net.spoil)
			far := p.start("far", "jobpipe-worker -c "+proxy.l.Addr().String()+" --name far -j 2 -- sh job")
			if _, err := io.WriteString(c.feed, jobs); err != nil {
				t.Fatal(err)
			}
			p.until("runs-far", func(text string) bool { return strings.Count(text, "\n") == 2 })
			net.down.Store(true)
			p.until("c.err", func(text string) bool { return strings.Contains(text, "kept=") })
			if killed {
				far.kill()
			}
			p.write("go-far", "") // they are finished while nobody can take them
			p.write("go-near", "")
			near := p.start("near", "jobpipe-worker -c "+p.address("addr")+" --name near -j 2 -- sh job")
			p.until("c.out", func(text string) bool { return text == jobs })
			net.down.Store(false)
			if !killed {
				p.until("c.err", func(text string) bool {
					return strings.Count(text, "worker=far") > 0 && strings.Count(text, "worker joined") == 3
				})
			}
			if err := c.feed.Close(); err != nil {
				t.Fatal(err)
			}
			p.finish(c, 0)
			p.finish(near, 0)
			if !killed {
				p.finish(far, 0)
			}
			if got := p.read("c.out"); got != jobs {
				t.Errorf("the results are not those of the jobs:\n%s", got)
			}
			if log := c.stderr(); !strings.Contains(log, "grace=1s jobs=2 lines=") {
				t.Errorf("nothing is said about the end of the grace:\n%s", log)
			}
		})
	}
}

// TestOnlyTheWorkerNoticesACut: it connects again while the coordinator takes the
// old connection for alive.
func TestOnlyTheWorkerNoticesACut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jobs := manyJobs(60)
	p.write("jobs", jobs)
	c := p.start("c", "jobpipe -v -k -l 127.0.0.1:0 --listen-file addr <jobs")
	proxy := newProxy(t, p.address("addr"), func(n int, up bool, from, to net.Conn) {
		if n == 0 && up {
			carry(from, to, 500, 100)
			_ = from.Close()
			swallow(to)
			return
		}
		whole(from, to)
		if n == 0 {
			swallow(from)
		}
	})
	w := p.start("w", "jobpipe-worker -c "+proxy.l.Addr().String()+" --name far -j 2 -- sh -c sleep${IFS}.01;tee${IFS}-a${IFS}runs")
	p.finish(c, 0)
	p.finish(w, 0)
	p.once(jobs, true)
	if log := c.stderr(); !strings.Contains(log, "worker connects again") || !strings.Contains(log, "worker back") {
		t.Errorf("the worker has not taken its own place:\n%s", log)
	}
}
