package order

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobpipe/jobpipe/engine/render"
)

var seeds = flag.Uint64("seeds", 150, "how many random runs TestRandom plays")

// TestRandom plays results in random order and pieces against the model, with
// buffers and a budget so small that everything overflows. One seed is played
// again with -run 'TestRandom/seed=N$'.
func TestRandom(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { play(t, seed) })
	}
}

// A result is what the game emits for some jobs.
type result struct {
	r              Receipt
	out, err       []byte // what the jobs print
	form           render.Form
	want           []byte // what is to be written of out
	parts, errPart *Hold
	sentOut        int // bytes appended
	sentErr        int
	retry          bool // dropped half-way once
}

type game struct {
	*model
	rng      *rand.Rand
	keep     bool
	serial   []byte // what a serial run prints
	outs     map[string][]byte
	errs     map[string][]byte
	todo     []*result // in the order in which they start
	active   []*result
	emitted  map[uint64]*result // by each of their jobs
	acked    map[uint64]int
	given    map[uint64]int // credit, by worker
	returned map[uint64]int
}

func play(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := New(rng.IntN(3) > 0, '\n', int64(8<<10+rng.IntN(32<<10)))
	s.chunk, s.outSize, s.mostOps = 1<<10, 4<<10, 1+rng.IntN(20)
	g := &game{
		model: newModel(t, s), rng: rng, keep: s.keep,
		outs: map[string][]byte{}, errs: map[string][]byte{}, emitted: map[uint64]*result{},
		acked: map[uint64]int{}, given: map[uint64]int{}, returned: map[uint64]int{},
	}
	if full := rng.IntN(3) == 0; full {
		g.fails = func() bool { return rng.IntN(2) == 0 }
	}
	jobs := g.invent()
	lazy := 1 + rng.IntN(20) // how slow the executor is
	for len(g.todo)+len(g.active) > 0 {
		g.move(lazy)
		if rng.IntN(10) == 0 {
			s.Retry()
		}
		g.collect()
		if err := audit(s, g.model); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	g.drain()
	g.collect()
	if err := g.verify(jobs); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
}

// invent makes up the results, and the order in which they start.
func (g *game) invent() (jobs uint64) {
	seq := uint64(1)
	for range 60 + g.rng.IntN(100) {
		r := &result{r: Receipt{Worker: g.rng.Uint64N(4), Seq: seq, Count: 1 + g.rng.IntN(5)}}
		r.out = g.text(seq, "o")
		r.form = []render.Form{render.Plain, render.Plain, render.Escaped, render.Base64, render.Tagged}[g.rng.IntN(5)]
		r.want = worded(seq, r.form, r.out)
		if g.rng.IntN(5) == 0 {
			r.err = g.text(seq, "e")
		}
		seq += uint64(r.r.Count)
		r.retry = g.rng.IntN(8) == 0
		g.serial = append(g.serial, r.want...)
		if len(r.want) > 0 {
			g.outs[fmt.Sprintf("o%d", r.r.Seq)] = r.want
		}
		if len(r.err) > 0 {
			g.errs[fmt.Sprintf("e%d", r.r.Seq)] = ended(r.err)
		}
		g.todo = append(g.todo, r)
	}
	window := 1 + g.rng.IntN(len(g.todo)) // how far results overtake each other
	for i := range g.todo {
		j := i + g.rng.IntN(min(window, len(g.todo)-i))
		g.todo[i], g.todo[j] = g.todo[j], g.todo[i]
	}
	if g.rng.IntN(2) == 0 { // one slow job holds up all
		g.todo = append(g.todo[1:], g.todo[0])
	}
	return seq - 1
}

// ended is text with its last newline.
func ended(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] != '\n' {
		return append(text[:n:n], '\n')
	}
	return text
}

// before and after are around what is in a form.
func before(seq uint64) []byte { return fmt.Appendf(nil, "o%d:[", seq) }

const after = "]\n"

// worded is what is to be written of text.
func worded(seq uint64, form render.Form, text []byte) []byte {
	switch form {
	case render.Escaped, render.Base64:
		if form == render.Base64 {
			text = append([]byte{0xff}, text...)
		}
		_, quoted, _ := bytes.Cut(render.AppendBytes(nil, "", text), []byte(`:"`))
		return slices.Concat(before(seq), quoted[:len(quoted)-1], []byte(after))
	case render.Tagged:
		return ended(render.AppendTagged(nil, before(seq), text, '\n'))
	}
	return ended(text)
}

// compose ends a result that is held in parts.
func (g *game) compose(r *result) *Hold {
	h := g.s.NewHold(r.r.Seq)
	switch r.form {
	case render.Plain:
		g.s.Join(h, r.parts, render.Plain)
	case render.Tagged:
		tag := g.s.NewHold(r.r.Seq)
		g.s.Append(tag, 0, append(before(r.r.Seq), '\t'))
		g.s.Join(h, tag, render.Tag)
		g.s.Join(h, r.parts, render.Tagged)
		g.given[0] += len(before(r.r.Seq)) + 1
	default:
		g.s.Append(h, 0, before(r.r.Seq))
		if r.form == render.Base64 {
			first := g.s.NewHold(r.r.Seq)
			g.s.Append(first, 0, []byte{0xff})
			g.s.Join(h, first, r.form)
			g.given[0]++
		}
		g.s.Join(h, r.parts, r.form)
		g.s.Append(h, 0, []byte(after))
		g.given[0] += len(before(r.r.Seq)) + len(after)
	}
	return h
}

func (g *game) text(seq uint64, kind string) []byte {
	sizes := []int{0, 20, 20, 300, 3000, 9000}
	n := sizes[g.rng.IntN(len(sizes))]
	if n == 0 {
		return nil
	}
	b := fmt.Appendf(nil, "%s%d:", kind, seq)
	for range g.rng.IntN(n) {
		b = append(b, "abc\n"[g.rng.IntN(4)])
	}
	return b
}

// move does one thing, of the workers' or of the executor's.
func (g *game) move(lazy int) {
	switch n := g.rng.IntN(20 + lazy); {
	case n < 2 && len(g.todo) > 0 && len(g.active) < 6:
		g.active = append(g.active, g.todo[0])
		g.todo = g.todo[1:]
	case n < 12 && len(g.active) > 0:
		i := g.rng.IntN(len(g.active))
		if g.progress(g.active[i]) {
			g.active = append(g.active[:i], g.active[i+1:]...)
		}
	case n < 15:
		g.take()
	case n < 20 && len(g.flying) > 0:
		g.step()
	}
}

// progress takes a result further, and reports whether it has ended.
func (g *game) progress(r *result) bool {
	if r.retry && r.sentOut > len(r.out)/2 {
		r.retry = false
		g.s.Drop(r.parts)
		if r.errPart != nil {
			g.s.Drop(r.errPart)
		}
		r.parts, r.errPart, r.sentOut, r.sentErr = nil, nil, 0, 0
	}
	whole := r.parts == nil && g.rng.IntN(2) == 0 && !r.retry
	switch {
	case whole:
		if r.errPart == nil {
			g.s.Stderr(r.err)
			g.emit(r, len(r.out)+len(r.err))
			return true
		}
	case r.sentOut < len(r.out):
		if r.parts == nil {
			r.parts = g.s.NewHold(r.r.Seq)
		}
		r.sentOut += g.part(r.parts, r.r.Worker, r.out[r.sentOut:])
		return false
	}
	if r.sentErr < len(r.err) {
		if r.errPart == nil {
			r.errPart = g.s.NewHold(r.r.Seq)
		}
		r.sentErr += g.part(r.errPart, r.r.Worker, r.err[r.sentErr:])
		return false
	}
	if r.errPart != nil {
		g.s.StderrHold(r.errPart)
	}
	if r.parts == nil {
		g.emit(r, len(r.out))
	} else {
		g.emit(r, 0)
	}
	return true
}

func (g *game) part(h *Hold, worker uint64, rest []byte) int {
	n := 1 + g.rng.IntN(min(len(rest), 2000))
	part := bytes.Clone(rest[:n])
	g.s.Append(h, worker, part)
	clear(part) // the stage has copied it
	g.given[worker] += n
	return n
}

func (g *game) emit(r *result, credit int) {
	r.r.Bytes = credit
	g.given[r.r.Worker] += credit
	for i := range r.r.Count {
		g.emitted[r.r.Seq+uint64(i)] = r
	}
	if r.parts != nil {
		g.s.EmitHold(r.r, g.compose(r))
		return
	}
	data := bytes.Clone(r.want)
	g.s.Emit(r.r, data)
	clear(data)
}

// collect takes the receipts that are due, and checks them.
func (g *game) collect() {
	for _, r := range g.s.Receipts(nil) {
		g.returned[r.Worker] += r.Bytes
		for i := range r.Count {
			seq := r.Seq + uint64(i)
			g.acked[seq]++
			res := g.emitted[seq]
			if res == nil || res.r.Worker != r.Worker {
				g.t.Fatalf("job %d is acknowledged to worker %d, which did not answer it", seq, r.Worker)
			}
			if !g.keep && !bytes.Contains(g.stdout, res.want) {
				g.t.Fatalf("job %d is acknowledged before it is written", seq)
			}
		}
	}
}

func (g *game) verify(jobs uint64) error {
	if g.keep && !bytes.Equal(g.stdout, g.serial) {
		return fmt.Errorf("output differs from that of a serial run")
	}
	if err := once(g.stdout, g.outs); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	if err := once(g.stderr, g.errs); err != nil {
		return fmt.Errorf("stderr: %w", err)
	}
	if err := g.verifyMarks(jobs); err != nil {
		return err
	}
	for seq := uint64(1); seq <= jobs; seq++ {
		if g.acked[seq] != 1 {
			return fmt.Errorf("job %d is acknowledged %d times", seq, g.acked[seq])
		}
	}
	for worker, n := range g.given {
		if g.returned[worker] != n {
			return fmt.Errorf("worker %d gave %d bytes of credit and got back %d", worker, n, g.returned[worker])
		}
	}
	if err := audit(g.s, g.model); err != nil {
		return err
	}
	if !g.s.Empty() || g.s.Memory() != 0 || g.s.fileEnd != 0 || g.s.Frontier() != jobs+1 {
		return fmt.Errorf("at the end: empty %v, memory %d, file %d, frontier %d of %d",
			g.s.Empty(), g.s.Memory(), g.s.fileEnd, g.s.Frontier(), jobs)
	}
	return nil
}

// verifyMarks checks that where an op says that whole results end, they do, and
// that in the end it was said of all.
func (g *game) verifyMarks(jobs uint64) error {
	last := mark{frontier: 1}
	said := map[uint64]bool{}
	texts := map[string][]byte{}
	note := func(seq uint64) error {
		if said[seq] {
			return fmt.Errorf("job %d is said to be written twice", seq)
		}
		said[seq] = true
		if key := fmt.Sprintf("o%d", seq); g.outs[key] != nil {
			texts[key] = g.outs[key]
		}
		return nil
	}
	for _, m := range g.marks {
		if m.at < last.at || m.frontier < last.frontier {
			return fmt.Errorf("%+v comes after %+v", m, last)
		}
		if g.keep {
			m.receipts = []Receipt{{Seq: last.frontier, Count: int(m.frontier - last.frontier)}}
		}
		for _, r := range m.receipts {
			for i := range r.Count {
				if err := note(r.Seq + uint64(i)); err != nil {
					return err
				}
			}
		}
		if err := once(g.stdout[:m.at], texts); err != nil {
			return fmt.Errorf("%+v: %w", m, err)
		}
		last = m
	}
	if len(said) != int(jobs) {
		return fmt.Errorf("%d of %d jobs are said to be written", len(said), jobs)
	}
	return nil
}
