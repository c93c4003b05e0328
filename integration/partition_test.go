package integration

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSlowNetwork: a network that is slow loses no connection, as long as
// something passes. The runs go on at the same time: they mostly wait.
func TestSlowNetwork(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcde\n", 13_000) // 208 kB of one result
	type run struct {
		*place
		c, far     *process
		name, want string
	}
	var runs []run
	for _, test := range []struct {
		name    string
		spoil   func(n int, up bool, from, to net.Conn)
		jobs    int
		command string
		want    string // of all jobs; empty: the jobs
	}{
		{"latency of 200 to 400 ms", under(sky{delay: 200 * time.Millisecond}), 60, "cat", ""},
		{"30 kB a second", under(sky{rate: 30_000}), 1, "yes 0123456789abcde | head -n 13000", long},
		{"a middlebox that forgets who is silent", forget(5 * time.Second), 1, "sleep 6; cat", ""},
	} {
		r := run{place: newPlace(t), name: test.name, want: test.want}
		jobs := ""
		for i := range test.jobs {
			jobs += fmt.Sprintf("job %d\n", i)
		}
		if r.want == "" {
			r.want = jobs
		}
		r.write("jobs", jobs)
		r.write("command", test.command)
		r.c = r.start("c", "jobpipe -v -k --dead-after 5s --compress none -l 127.0.0.1:0 --listen-file addr <jobs")
		proxy := newProxy(t, r.address("addr"), test.spoil)
		r.far = r.start("far", "jobpipe-worker -c "+proxy.l.Addr().String()+" --name far -j 2 -- sh command")
		runs = append(runs, r)
	}
	for _, r := range runs {
		r.finish(r.c, 0)
		r.finish(r.far, 0)
		if got := r.read("c.out"); got != r.want {
			t.Errorf("%s: %d bytes of results are not those of the jobs: %.1000q", r.name, len(got), got)
		}
		if joined := strings.Count(r.c.stderr(), "joined"); joined != 1 {
			t.Errorf("%s: the worker has joined %d times:\n%s", r.name, joined, r.c.stderr())
		}
	}
}

// under is a proxy under a sky that does not change.
func under(s sky) func(int, bool, net.Conn, net.Conn) {
	w := newWeather()
	w.sky = s
	return w.spoil
}

// forget cuts connections on which nothing has passed for so long.
func forget(after time.Duration) func(int, bool, net.Conn, net.Conn) {
	return func(_ int, _ bool, from, to net.Conn) {
		buf := make([]byte, 64<<10)
		for {
			_ = from.SetReadDeadline(time.Now().Add(after))
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

// TestFlappingLink: the link is there for a moment, and gone for a moment, again
// and again.
func TestFlappingLink(t *testing.T) {
	t.Parallel()
	r := newParted(t, 30, "job %d sleep=20ms", time.Second, false)
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			for _, gone := range []bool{true, false} {
				select {
				case <-over:
					return
				case <-time.After(300 * time.Millisecond):
				}
				r.weather.change(func(s *sky) { s.refuses = gone })
				r.weather.cut(true)
			}
		}
	}()
	r.finish(r.c, 0)
	r.weather.change(func(s *sky) { *s = sky{} })
	r.leave()
	r.judge()
}

// A parted is a run with one worker, behind a weather.
type parted struct {
	*place
	c, far  *process
	weather *weather
	jobs    string
}

// newParted begins one. So much silence is the end of a connection; where more
// may come the input stays open.
func newParted(t *testing.T, jobs int, pattern string, silence time.Duration, more bool) *parted {
	r := &parted{place: newPlace(t), weather: newWeather()}
	for i := range jobs {
		r.jobs += fmt.Sprintf(pattern, i+1) + "\n"
	}
	r.c = r.start("c", "jobpipe -v --dead-after "+silence.String()+" --grace 0 --max-lost 1000 -l 127.0.0.1:0 --listen-file addr <-")
	proxy := newProxy(t, r.address("addr"), r.weather.spoil)
	t.Cleanup(func() { r.heal() }) // before the proxy waits for what it carries
	r.far = r.start("far", "jobpipe-worker -v -c "+proxy.l.Addr().String()+" --name far -j 2 -- job")
	if _, err := r.c.feed.WriteString(r.jobs); err != nil {
		t.Fatal(err)
	}
	if !more {
		r.close()
	}
	return r
}

// close ends the input.
func (r *parted) close() {
	if err := r.c.feed.Close(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *parted) heal() { r.weather.change(func(s *sky) { *s = sky{} }) }

// near does what is left, elsewhere.
func (r *parted) near() *process {
	return r.start("near", "jobpipe-worker -v -c "+r.address("addr")+" --name near -j 2 -- job")
}

// await waits for text in a file.
func (r *parted) await(file, text string) {
	r.t.Helper()
	if _, err := await(r.processes, r.abs(file), func(all string) bool { return strings.Contains(all, text) }); err != nil {
		r.t.Fatal(err)
	}
}

// leave ends the worker, which may have missed the end of the run.
func (r *parted) leave() {
	_ = r.far.cmd.Process.Signal(syscall.SIGTERM)
	if _, err := r.far.finish(); err != nil {
		r.t.Error(err)
	}
}

// judge asks the oracle, and returns how often each job was begun.
func (r *parted) judge() map[int]int {
	r.t.Helper()
	begun, err := begunIn(r.abs(executions))
	if err != nil {
		r.t.Fatal(err)
	}
	v := judge(recordsOf([]byte(r.jobs)), nil, []byte(r.read("c.out")), begun)
	v.Rerun, v.Disorder = nil, nil
	if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", verdict{}) {
		r.t.Errorf("the oracle: %+v", v)
	}
	return begun
}

// TestKilledBeforeItsResultIsSent: the command is done, and the worker dies
// before anybody knows.
func TestKilledBeforeItsResultIsSent(t *testing.T) {
	t.Parallel()
	r := newParted(t, 1, "until=go %d", time.Minute, true)
	r.await(executions, "start")
	r.weather.change(func(s *sky) { s.hole[up] = true })
	r.write("go", "")
	r.await(executions, "end")
	r.far.kill()
	r.weather.cut(true) // what is on its way is lost
	r.heal()
	near := r.near()
	r.await("c.err", "worker=near")
	r.close()
	r.finish(r.c, 0)
	r.finish(near, 0)
	if begun := r.judge(); begun[1] != 2 {
		t.Errorf("the job was begun %d times", begun[1])
	}
}

// TestKilledBeforeItIsAcknowledged: the result is written, and the worker dies
// before it knows.
func TestKilledBeforeItIsAcknowledged(t *testing.T) {
	t.Parallel()
	r := newParted(t, 1, "until=go %d", time.Minute, true)
	r.await(executions, "start")
	r.weather.change(func(s *sky) { s.hole[down] = true })
	r.write("go", "")
	r.await("c.out", "1 ")
	r.far.kill()
	r.heal()
	near := r.near()
	r.await("c.err", "worker=near")
	r.close()
	r.finish(r.c, 0)
	r.finish(near, 0)
	if begun := r.judge(); begun[1] != 1 {
		t.Errorf("the job was begun %d times", begun[1])
	}
}

// TestPartedAtTheLastJob: nothing passes when the last job is done. The worker
// does not take the run for over, nor does the coordinator.
func TestPartedAtTheLastJob(t *testing.T) {
	t.Parallel()
	r := newParted(t, 2, "until=go %d", time.Second, false)
	r.await(executions, "start")
	r.weather.change(func(s *sky) { s.hole = [2]bool{true, true} })
	r.write("go", "")
	r.await("c.err", `msg="worker cut off" worker=far`)
	r.heal()
	r.finish(r.c, 0)
	r.finish(r.far, 0)
	r.judge()
}

// TestPartedAtTheGoodbye: nothing passes when the run is over. The coordinator
// does not wait for a goodbye for ever.
func TestPartedAtTheGoodbye(t *testing.T) {
	t.Parallel()
	r := newParted(t, 20, "%d", time.Second, true)
	if _, err := await(r.processes, r.abs("c.out"), func(all string) bool { return strings.Count(all, "\n") == 20 }); err != nil {
		t.Fatal(err)
	}
	r.weather.change(func(s *sky) { s.hole = [2]bool{true, true} })
	r.close()
	r.finish(r.c, 0)
	r.heal()
	r.leave()
	r.judge()
}
