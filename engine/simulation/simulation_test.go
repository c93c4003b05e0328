package simulation

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/disk/disktest"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

var (
	seeds = flag.Int("seeds", 200, "play this many schedules")
	first = flag.Uint64("first", 1, "the first seed")
	one   = flag.Uint64("seed", 0, "play only this schedule")
)

func TestHostileSchedules(t *testing.T) {
	if *one != 0 {
		r := newRun(*one, batch.NewPool(poolBlocks*batch.BlockSize))
		if testing.Verbose() {
			r.log = t.Logf
		}
		t.Logf("%+v", *r.config)
		if _, err := r.playAll(); err != nil {
			t.Fatal(err)
		}
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var next, events, jobs, lives atomic.Uint64
	var failed atomic.Bool
	var players sync.WaitGroup
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		players.Go(func() {
			pool := batch.NewPool(poolBlocks * batch.BlockSize)
			for !failed.Load() {
				n := next.Add(1) - 1
				if n >= uint64(*seeds) {
					return
				}
				seed := *first + n
				r := newRun(seed, pool)
				lived, err := r.playAll()
				if err != nil {
					failed.Store(true)
					t.Errorf("%v\nreplay it with: go test ./engine/simulation -run TestHostileSchedules -v -seed=%d", err, seed)
				}
				events.Add(r.made)
				jobs.Add(uint64(r.jobs))
				lives.Add(uint64(lived))
			}
		})
	}
	players.Wait()
	took := time.Since(start).Seconds()
	played := min(next.Load(), uint64(*seeds)) // fewer than seeds when one failed
	t.Logf("%d schedules in %.2f s: %.0f a second; %d events, %d jobs; %d lives of the coordinator",
		played, took, float64(played)/took, events.Load(), jobs.Load(), lives.Load())
}

// poolBlocks is how many blocks of input a run may have at most.
const poolBlocks = 4

func newRun(seed uint64, pool *batch.Pool) *run {
	rnd := rand.New(rand.NewPCG(seed, 0))
	conf := newConfig(rnd)
	r := start(&run{model: model{config: &conf, clock: &clock{}}, rnd: rnd, pool: pool})
	r.writer.disk = conf.disk
	r.invent()
	if r.journaled {
		r.prepare()
		r.pool = batch.NewPool(poolBlocks * batch.BlockSize) // a process that is killed gives nothing back
	}
	return r
}

// start is a process with nothing in its memory.
func start(r *run) *run {
	r.next, r.frontier = 1, 1
	r.sched = schedule.New(r.config.Config)
	r.stage = order.New(r.keep, r.Delim, r.budget)
	if r.Rate > 0 {
		r.paced = -1 / r.Rate
	}
	return r
}

// invent makes the jobs up.
func (r *run) invent() {
	r.all = make([]job, r.jobs+1)
	r.ends = append(r.ends, 0)
	usual := r.random(3 * time.Millisecond)
	for seq := 1; seq <= r.jobs; seq++ {
		if seq%9 > 0 && !r.huge {
			r.input = strconv.AppendInt(r.input, int64(seq), 10)
			for range r.rnd.IntN(8) * r.rnd.IntN(8) * r.rnd.IntN(8) / 7 {
				r.input = append(r.input, byte(seq)|1<<7)
			}
		}
		if seq < r.jobs || r.rnd.IntN(2) == 0 || r.input == nil || r.input[len(r.input)-1] == r.Delim {
			r.input = append(r.input, r.Delim)
		}
		r.ends = append(r.ends, len(r.input))
		if r.huge {
			r.ends[seq] = seq * len(hugeRecord)
		}
		j := &r.all[seq]
		if j.took = r.random(usual); r.rnd.Float64() < r.long {
			j.took = time.Second + r.random(3*time.Second)
		}
		if r.rnd.Float64() < r.fails {
			j.fails = 1 + r.rnd.IntN(4)
		}
		j.poison = r.rnd.Float64() < r.poison
		if r.big && r.rnd.IntN(4) == 0 {
			j.parts = 1 + r.rnd.IntN(3)
		}
		if r.cramped {
			j.parts = 3
		}
	}
}

// hugeRecord is every record of a run with huge ones.
var hugeRecord = append(bytes.Repeat([]byte("huge"), 75<<10), '\n')

// play plays one life to its end, and returns what went wrong.
func (r *run) play() (err error) {
	defer func() {
		switch broken := recover().(type) {
		case nil:
		case disktest.Kill:
			r.killed = true
		case violation:
			err = fmt.Errorf("at %v: %s", r.now, broken)
		default:
			err = fmt.Errorf("at %v: panic: %v\n%s", r.now, broken, debug.Stack())
		}
	}()
	r.begin()
	var taken []*batch.Block
	for range poolBlocks - r.blocks {
		taken = append(taken, r.pool.Get())
	}
	for range r.newcomers() {
		r.after(r.random(r.peace)*time.Duration(r.rnd.IntN(2)), r.join)
	}
	r.after(0, r.arrive)
	r.after(100*time.Millisecond, r.tick)
	if r.config.stop > 0 && r.lives == 1 {
		r.after(r.config.stop, r.halt)
	}
	const tooLate, tooMany = 2 * time.Hour, 20_000_000
	for !r.over() {
		r.rest()
		if !r.step() || r.now > tooLate || r.made > tooMany {
			violated("no end: %d of %d jobs settled, %d wait, %d leased, frontier %d", r.settled, r.jobs,
				r.waiting(), r.leased, r.stage.Frontier())
		}
	}
	r.check()
	for _, b := range taken {
		b.Release(1)
	}
	for range poolBlocks {
		if r.pool.Exhausted() {
			violated("a block of the input was never released")
		}
		taken = append(taken, r.pool.Get())
	}
	for _, b := range taken[len(taken)-poolBlocks:] {
		b.Release(1)
	}
	r.finishLife()
	return nil
}

// arrive lets stdin give some jobs, and more later.
func (r *run) arrive() {
	burst := 1 + uint64(r.rnd.IntN(100))
	r.arrived = min(r.arrived+burst, uint64(r.jobs))
	r.recognise()
	if r.arrived < uint64(r.jobs) {
		r.after(r.random(pick(r.rnd, 0, 100*time.Microsecond, 50*time.Millisecond)), r.arrive)
	}
	r.handled()
}

// join lets a worker come.
func (r *run) join() {
	id := schedule.WorkerID(len(r.workers) + 1)
	slots := pick(r.rnd, 1, 1, 2, 4, 8, 32)
	w := &worker{
		run:    r,
		peer:   &peer{id: id, origin: id, slots: slots},
		lines:  r.mode == 1 || r.mode == 2 && r.rnd.IntN(2) == 0,
		slots:  slots,
		speed:  pick(r.rnd, 0.01, 0.1, 1, 1, 3),
		delay:  r.random(pick(r.rnd, 50*time.Microsecond, time.Millisecond, 100*time.Millisecond)),
		jitter: r.random(pick(r.rnd, 0, time.Millisecond, 20*time.Millisecond)),
		credit: r.window,
	}
	if r.rnd.Float64() < r.malice {
		w.wicked = r.malice
		w.broken = r.rnd.IntN(4) == 0
	}
	r.workers = append(r.workers, w)
	r.sched.Join(r.now, id, slots)
	r.model.join(w.peer)
	r.ping(w, r.rnd.IntN(4))
	if r.now < r.peace {
		r.plan(w)
	}
	r.handled()
}

// ping measures the round trip to a worker, now and so many times more.
func (r *run) ping(w *worker, more int) {
	trip := 2*w.delay + r.random(2*w.jitter)
	r.after(trip, func() {
		if !w.open {
			return
		}
		if w.rtt == 0 || trip < w.rtt {
			w.rtt = trip
		}
		r.sched.RoundTrip(w.id, trip)
		r.handled()
		if more > 0 {
			r.after(r.random(300*time.Millisecond), func() { r.ping(w, more-1) })
		}
	})
}

// plan decides what will become of a worker before peace comes.
func (r *run) plan(w *worker) {
	if r.rnd.Float64() < r.crashes {
		r.at(r.now+r.random(r.peace-r.now), w.vanish)
	}
	if r.rnd.Float64() < r.crashes/2 {
		r.at(r.now+r.random(r.peace-r.now), w.leavePolitely)
	}
	if r.rnd.Float64() < r.crashes/2 {
		pause := r.now + r.random(r.peace-r.now)
		r.at(pause, func() { w.setSlots(0) })
		r.at(pause+r.random(time.Second), func() { w.setSlots(1 + r.rnd.IntN(2*w.slots)) })
	}
	for r.rnd.Float64() < r.cuts {
		r.at(r.now+r.random(r.peace-r.now), w.sever)
	}
	if r.rnd.Float64() < r.crashes/2 { // nothing comes from it for a while
		r.at(r.now+r.random(r.peace-r.now), func() { w := w.latest(); w.upAt = max(w.upAt, r.now+r.random(deadAfter)) })
	}
}

// replace lets a worker come for one that went, so that the run can end.
func (r *run) replace() {
	if r.rnd.IntN(4) > 0 || len(r.peers) == 0 {
		r.after(r.random(300*time.Millisecond), r.join)
	}
}

// over reports whether the run has come to its end.
func (r *run) over() bool {
	if r.due || !r.ended && !r.stopped || !r.sched.Done() || !r.writer.idle() || len(r.writer.done) > 0 {
		return false
	}
	if !r.stage.Empty() {
		return false
	}
	return r.settled == r.jobs || r.stopped
}

// check compares the outcome with what it must be.
func (r *run) check() {
	if r.stopped && r.block != nil {
		r.block.Release(1)
		r.block = nil
	}
	for seq := range r.all {
		j := &r.all[seq]
		if seq == 0 || r.stopped && j.state != settled || j.past {
			continue
		}
		if j.state != settled || j.acks > 1 || j.acks == 0 && !j.given {
			violated("job %d ends in state %d, acknowledged %d times", seq, j.state, j.acks)
		}
		if r.innocent() && !r.haunted && r.MaxLost > 1 && !r.stopped && j.given != j.poison {
			violated("job %d is poisonous: %v, given up: %v", seq, j.poison, j.given)
		}
	}
	for _, w := range r.workers {
		if w.used != 0 {
			violated("%d bytes of worker %d's credit never returned", w.used, w.id)
		}
	}
	if r.writer.live != 0 || r.writer.kept != 0 {
		violated("%d bytes of the temporary file were never given up, %d of memory", r.writer.live, r.writer.kept)
	}
	if r.journal == nil {
		r.checkOutput(r.writer.stdout)
	}
}

// checkOutput checks that stdout has the output of each job once and whole, and
// nothing else; in input order if that was wanted.
func (r *run) checkOutput(got []byte) {
	if r.keep {
		var want []byte
		for seq := range r.all {
			want = append(want, r.all[seq].out...)
		}
		if !bytes.Equal(got, want) {
			violated("stdout has %d bytes, want %d:\n%.2000q\nwant\n%.2000q", len(got), len(want), got, want)
		}
		return
	}
	printed := make([]bool, len(r.all))
	for len(got) > 0 {
		seq := 0
		for _, c := range got {
			if c < '0' || c > '9' {
				break
			}
			seq = seq*10 + int(c-'0')
		}
		if seq == 0 || seq >= len(r.all) || printed[seq] || !bytes.HasPrefix(got, r.all[seq].out) || len(r.all[seq].out) == 0 {
			violated("stdout goes on with %.60q: not the output of a job, or for the second time", got)
		}
		printed[seq] = true
		got = got[len(r.all[seq].out):]
	}
	for seq := range r.all {
		if len(r.all[seq].out) > 0 && !printed[seq] {
			violated("stdout lacks the output of job %d", seq)
		}
	}
}
