package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jobpipe/jobpipe/engine/command"
)

// printed is the result of a job that printed so many bytes.
func printed(t *testing.T, stdout, stderr int) command.Result {
	t.Helper()
	s, err := sh(t, fmt.Sprintf("head -c %d /dev/zero; head -c %d /dev/zero >&2", stdout, stderr)).Command.Slot(1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Run(context.Background(), command.Job{Seq: 1, Attempt: 1, Delim: '\n'})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A link's writer and coordinator, played on the outbox alone: results come,
// pieces go, and credit and acknowledgements return, in any order.
func TestOutboxAtRandom(t *testing.T) {
	var palette []command.Result
	for _, size := range [][2]int{{0, 0}, {1, 0}, {0, 7}, {100, 20}, {3000, 0}, {20_000, 5000}, {40_000, 1}, {10, 120_000}, {200_000, 0}} {
		palette = append(palette, printed(t, size[0], size[1]))
	}
	for seed := range uint64(500) {
		if err := playOutbox(rand.New(rand.NewPCG(seed, 0)), palette); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func playOutbox(rnd *rand.Rand, palette []command.Result) error {
	window := int64(1 + rnd.IntN(1+rnd.IntN(1<<17)))
	o := &outbox{window: window, credit: window, kept: map[uint64]*result{}}
	jobs := 1 + rnd.IntN(40)
	used := int64(0)              // bytes under way
	extra := int64(0)             // credit that came with preferences
	sent := make([]int64, jobs+1) // of each job, by its last attempt
	whole := make([]bool, jobs+1) // its end was sent
	latest := make([]*result, jobs+1)
	left := jobs + rnd.IntN(5) // results to come, some of them later attempts
	for left > 0 || o.ready() || used > 0 {
		switch {
		case left > 0 && rnd.IntN(3) == 0:
			seq := uint64(1 + rnd.IntN(jobs))
			r := &result{Result: palette[rnd.IntN(len(palette))], seq: seq, attempt: uint64(left)}
			o.put(r)
			latest[seq], sent[seq], whole[seq] = r, 0, false
			left--
		case left > 0 && rnd.IntN(10) == 0:
			if seq := uint64(1 + rnd.IntN(jobs)); o.unsent(seq) || rnd.IntN(2) == 0 {
				n := rnd.Int64N(1 << 16)
				o.prefer(seq, n)
				o.credit += n
				extra += n
			}
		case left == 0 && o.first != 0 && !o.unsent(o.first): // it went back
			o.forgo(span{o.first, 1})
		case o.ready() && rnd.IntN(3) > 0:
			pieces := o.pick(nil)
			if len(pieces) == 0 {
				return fmt.Errorf("something is said to be ready and nothing is")
			}
			for _, p := range pieces {
				if p.skip {
					continue
				}
				if p.n < 0 || p.n == 0 && !p.last || p.from+p.n > p.size() {
					return fmt.Errorf("a piece of %d bytes from %d on, of %d", p.n, p.from, p.size())
				}
				stdout, stderr := p.streams()
				if !p.last && stdout > 0 && stderr > 0 {
					return fmt.Errorf("a part of two streams")
				}
				used += p.n
				if p.result != latest[p.seq] {
					return fmt.Errorf("job %d: a result that was replaced is sent", p.seq)
				}
				if p.from != sent[p.seq] || whole[p.seq] {
					return fmt.Errorf("job %d: bytes from %d on, after %d", p.seq, p.from, sent[p.seq])
				}
				sent[p.seq] += p.n
				whole[p.seq] = p.last
				if p.last && sent[p.seq] != p.size() {
					return fmt.Errorf("job %d: %d of %d bytes", p.seq, sent[p.seq], p.size())
				}
			}
			if o.credit < o.aside || used+o.credit != window+extra {
				return fmt.Errorf("%d bytes are under way and the credit is %d, with %d put by, of %d", used, o.credit, o.aside, window+extra)
			}
			o.written(pieces)
		case used > 0:
			n := 1 + rnd.Int64N(used)
			used -= n
			o.earn(n)
		}
		if rnd.IntN(4) == 0 { // what is acknowledged may be more than what was sent
			if s := (span{uint64(1 + rnd.IntN(jobs)), uint64(1 + rnd.IntN(3))}); allWhole(whole, latest, s) {
				o.acknowledge(s)
			}
		}
	}
	for seq, r := range latest {
		if r != nil && !whole[seq] {
			return fmt.Errorf("the result of job %d was never sent", seq)
		}
	}
	o.acknowledge(span{1, uint64(jobs)})
	if len(o.kept) > 0 || o.held != 0 {
		return fmt.Errorf("%d results and %d bytes are kept of nothing", len(o.kept), o.held)
	}
	return nil
}

// allWhole reports whether all that there is of the jobs in s was sent.
func allWhole(whole []bool, latest []*result, s span) bool {
	for seq := s.seq; seq < min(s.seq+s.count, uint64(len(whole))); seq++ {
		if latest[seq] != nil && !whole[seq] {
			return false
		}
	}
	return true
}

// A result that is acknowledged before it is sent is not sent any more.
func TestResultThatNobodyNeedsIsNotSent(t *testing.T) {
	o := &outbox{window: 100, credit: 50, kept: map[uint64]*result{}}
	o.put(&result{Result: printed(t, 40, 0), seq: 1, attempt: 1})
	o.put(&result{Result: printed(t, 90, 0), seq: 2, attempt: 1})
	o.acknowledge(span{1, 1 << 60})
	for _, p := range o.pick(nil) {
		if !p.skip {
			t.Errorf("%d bytes of job %d are sent", p.n, p.seq)
		}
	}
	if o.ready() || o.credit != 50 || o.held != 0 {
		t.Errorf("ready %v, credit %d, held %d", o.ready(), o.credit, o.held)
	}
}

// All credit is spent on large results when one is preferred, which may not have
// ended yet: nothing but that one goes, be it small or large.
func TestPreferredResultGoesFirst(t *testing.T) {
	for _, size := range []int{0, 500, 100_000} {
		const window = 64 << 10
		o := &outbox{window: window, credit: window, kept: map[uint64]*result{}}
		for seq := uint64(2); seq < 5; seq++ {
			o.put(&result{Result: printed(t, 200_000, 0), seq: seq, attempt: 1})
		}
		for o.ready() {
			o.written(o.pick(nil))
		}
		o.credit += 8 << 10
		o.prefer(1, 8<<10)
		if o.ready() {
			t.Fatalf("%d: something goes of others", size)
		}
		o.put(&result{Result: printed(t, size, 0), seq: 1, attempt: 1})
		sent := int64(0)
		for done := false; !done; {
			if !o.ready() {
				t.Fatalf("%d: it does not go on after %d bytes", size, sent)
			}
			for _, p := range o.pick(nil) {
				if p.seq != 1 {
					t.Fatalf("%d: a piece of job %d goes after %d bytes", size, p.seq, sent)
				}
				sent += p.n
				o.credit += p.n // the coordinator returns it at once
				if done = p.last; done {
					break
				}
			}
		}
		if sent != int64(size) || o.first != 0 {
			t.Errorf("%d: %d bytes were sent, and job %d is preferred still", size, sent, o.first)
		}
	}
}
