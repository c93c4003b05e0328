package order

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// one returns the receipt of a single job, of worker 7.
func one(seq uint64, bytes int) Receipt {
	return Receipt{Worker: 7, Seq: seq, Count: 1, Bytes: bytes}
}

func TestOutput(t *testing.T) {
	type emit struct {
		seq   uint64
		count int
		data  string
	}
	cases := []struct {
		name     string
		keep     bool
		delim    byte
		emits    []emit
		want     string
		frontier uint64
	}{
		{"as they complete", false, '\n', []emit{{2, 1, "b\n"}, {1, 1, "a\n"}}, "b\na\n", 3},
		{"in input order", true, '\n', []emit{{3, 1, "c\n"}, {2, 1, "b\n"}, {1, 1, "a\n"}}, "a\nb\nc\n", 4},
		{"up to the gap", true, '\n', []emit{{1, 1, "a\n"}, {3, 1, "c\n"}}, "a\n", 2},
		{"ranges", true, '\n', []emit{{4, 2, "d\ne\n"}, {1, 3, "a\nb\nc\n"}}, "a\nb\nc\nd\ne\n", 6},
		{"a last delimiter is added", false, '\n', []emit{{1, 1, "a"}, {2, 1, "b\n"}, {3, 1, "c"}}, "a\nb\nc\n", 4},
		{"to held output too", true, '\n', []emit{{2, 1, "b"}, {3, 1, "c\n"}, {1, 1, "a"}}, "a\nb\nc\n", 4},
		{"NUL", true, 0, []emit{{2, 1, "b\n"}, {1, 1, "a\x00"}}, "a\x00b\n\x00", 3},
		{"nothing printed, nothing written", true, '\n', []emit{{2, 1, ""}, {1, 1, ""}, {3, 1, "c\n"}}, "c\n", 4},
		{"an empty line is something", true, '\n', []emit{{2, 1, "\n"}, {1, 1, "\n"}}, "\n\n", 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(c.keep, c.delim, 1<<20)
			m := newModel(t, s)
			for _, e := range c.emits {
				s.Emit(Receipt{Seq: e.seq, Count: e.count}, []byte(e.data))
			}
			m.drain()
			if string(m.stdout) != c.want || s.Frontier() != c.frontier {
				t.Errorf("got %q up to %d, want %q up to %d", m.stdout, s.Frontier(), c.want, c.frontier)
			}
		})
	}
}

func TestTwiceIsAFault(t *testing.T) {
	cases := []struct {
		name   string
		emits  []Receipt
		reason string
	}{
		{"written", []Receipt{{Seq: 1, Count: 2}, {Seq: 2, Count: 1}}, "job 2 was emitted twice"},
		{"held, its end", []Receipt{{Seq: 3, Count: 2}, {Seq: 4, Count: 1}}, "job 4 was emitted twice"},
		{"held, its start", []Receipt{{Seq: 3, Count: 2}, {Seq: 2, Count: 2}}, "job 3 was emitted twice"},
		{"held, around it", []Receipt{{Seq: 3, Count: 1}, {Seq: 2, Count: 9}}, "job 3 was emitted twice"},
		{"over the frontier", []Receipt{{Seq: 2, Count: 1}, {Seq: 1, Count: 2}}, "job 2 was emitted twice"},
		{"no job", []Receipt{{Seq: 1}}, "no job"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.reason) {
					t.Errorf("panic %q, want %q", got, c.reason)
				}
			}()
			s := New(true, '\n', 1<<20)
			for _, r := range c.emits {
				s.Emit(r, []byte("x\n"))
			}
		})
	}
}

func TestReceiptTravelsWithTheBytes(t *testing.T) {
	s := New(false, '\n', 1<<20)
	m := newModel(t, s)
	s.Emit(one(5, 2), []byte("a\n"))
	s.Emit(one(6, 2), []byte("b\n"))
	s.Emit(one(9, 0), nil)
	m.take()
	if got := s.Receipts(nil); len(got) != 0 {
		t.Fatalf("%v due before anything is written", got)
	}
	m.step()
	want := []Receipt{{Worker: 7, Seq: 5, Count: 2, Bytes: 4}, one(9, 0)}
	if got := s.Receipts(nil); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := s.Receipts(nil); len(got) != 0 {
		t.Errorf("%v due twice", got)
	}
}

func TestReceiptOfHeldOutputIsDueAtOnce(t *testing.T) {
	s := New(true, '\n', 1<<20)
	s.Emit(one(2, 2), []byte("b\n"))
	if got, want := s.Receipts(nil), []Receipt{one(2, 2)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	h := s.NewHold(1)
	s.Append(h, 3, []byte("part"))
	if got, want := s.Receipts(nil), []Receipt{{Worker: 3, Bytes: 4}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The disk is slower than the workers: their credit waits for it.
func TestReceiptPastTheBudgetWaitsForTheDisk(t *testing.T) {
	s := New(false, '\n', 256<<10)
	m := newModel(t, s)
	h := s.NewHold(1)
	frame := bytes.Repeat([]byte("x"), 64<<10)
	sent, back := 0, 0
	for range 64 {
		s.Append(h, 7, frame)
		sent += len(frame)
		m.take()
		for _, r := range s.Receipts(nil) {
			back += r.Bytes
		}
	}
	if back > 256<<10 {
		t.Fatalf("%d bytes of credit returned while nothing was written", back)
	}
	if !s.Full() {
		t.Error("work is taken in while the disk is behind")
	}
	m.drain()
	for _, r := range s.Receipts(nil) {
		back += r.Bytes
	}
	if back != sent {
		t.Errorf("%d of %d bytes of credit returned", back, sent)
	}
	if s.Full() || s.Memory() > 256<<10 {
		t.Errorf("full %v, memory %d, when the disk has caught up", s.Full(), s.Memory())
	}
}

// The disk takes nothing: memory counts as long as it is in use, but credit
// returns, or the job that would free it could not send its result.
func TestFullDisk(t *testing.T) {
	s := New(true, '\n', 256<<10)
	m := newModel(t, s)
	m.fails = func() bool { return true }
	frame := bytes.Repeat([]byte("x"), 64<<10)
	for seq := uint64(2); seq < 12; seq++ {
		s.Emit(one(seq, len(frame)), frame)
		m.drain()
	}
	if s.Memory() < 10*64<<10 || !s.Full() {
		t.Errorf("memory %d, full %v: what the disk did not take is forgotten", s.Memory(), s.Full())
	}
	credit := 0
	for _, r := range s.Receipts(nil) {
		credit += r.Bytes
	}
	if credit != 10*len(frame) {
		t.Errorf("%d bytes of credit returned", credit)
	}
	s.Emit(one(1, 0), nil)
	m.drain()
	if s.Memory() != 0 || s.Full() || len(m.stdout) != 10*(64<<10+1) {
		t.Errorf("memory %d, full %v, %d bytes written", s.Memory(), s.Full(), len(m.stdout))
	}
}

// The disk takes nothing while a result comes that is larger than memory: its
// worker waits, until there is room.
func TestFullDiskHoldsPartsBack(t *testing.T) {
	const budget = 256 << 10
	s := New(false, '\n', budget)
	m := newModel(t, s)
	full := true
	m.fails = func() bool { return full }
	h := s.NewHold(1)
	part := bytes.Repeat([]byte("x"), 32<<10)
	credit := 4 * len(part)
	sent := 0
	send := func() {
		for ; credit >= len(part); sent += len(part) {
			credit -= len(part)
			s.Append(h, 7, part)
			m.drain()
			for _, r := range s.Receipts(nil) {
				credit += r.Bytes
			}
		}
	}
	send()
	if most := budget/2*3 + 4*len(part); sent < budget || sent > most {
		t.Errorf("%d bytes were let in, with a budget of %d", sent, budget)
	}
	if s.Retry(); m.take() != 1 {
		t.Fatal("what the disk did not take is not tried again")
	}
	m.drain()
	if s.Memory() <= budget {
		t.Error("the disk is full, and yet it took something")
	}
	full = false
	s.Retry()
	m.drain()
	if s.Memory() > budget {
		t.Errorf("%d bytes of memory, though there is room on disk", s.Memory())
	}
	if s.Retry(); m.take() != 0 {
		t.Error("nothing is kept, and it is tried again")
	}
	for _, r := range s.Receipts(nil) {
		credit += r.Bytes
	}
	if credit != 4*len(part) {
		t.Errorf("%d bytes of credit came back, not %d", credit, 4*len(part))
	}
	s.EmitHold(one(1, 0), h)
	m.drain()
	if len(m.stdout) != sent+1 || s.Memory() != 0 {
		t.Errorf("%d bytes written of %d, %d in memory", len(m.stdout), sent, s.Memory())
	}
}

func TestOutputCollectsWhileTheExecutorIsBusy(t *testing.T) {
	s := New(false, '\n', 1<<20)
	m := newModel(t, s)
	s.Emit(one(1, 0), []byte("a\n"))
	if m.take() != 1 {
		t.Fatal("a single result does not go out at once")
	}
	s.Emit(one(2, 0), []byte("b\n"))
	s.Emit(one(3, 0), []byte("c\n"))
	if m.take() != 0 {
		t.Fatal("small writes queue up behind a busy executor")
	}
	s.Emit(one(4, 0), bytes.Repeat([]byte("d"), outSize))
	if m.take() != 1 {
		t.Fatal("a full buffer waits")
	}
	m.step()
	m.step()
	if m.take() != 1 {
		t.Fatal("the rest does not go out when the executor is idle")
	}
	m.step()
	if !s.Empty() || len(m.stdout) != 6+outSize+1 {
		t.Errorf("empty %v, %d bytes", s.Empty(), len(m.stdout))
	}
}

// A long run behind one slow job is one piece of the file, and one operation.
func TestSpilledRunIsOneStretch(t *testing.T) {
	s := New(true, '\n', 128<<10)
	m := newModel(t, s)
	frame := append(bytes.Repeat([]byte("x"), 65_499), '\n')
	for round := range 3 {
		first := s.Frontier()
		for seq := first + 1; seq <= first+50; seq++ {
			s.Emit(one(seq, 0), frame)
			m.drain()
		}
		if len(s.runs) != 1 {
			t.Fatalf("%d runs behind one job", len(s.runs))
		}
		s.Emit(one(first, 0), nil)
		copies := 0
		for _, op := range s.ops {
			if op.Kind == CopyStdout {
				copies++
			}
		}
		if copies != 1 {
			t.Errorf("round %d: %d copies", round, copies)
		}
		m.drain()
	}
	if len(m.stdout) != 150*len(frame) || m.spills == 0 {
		t.Errorf("%d bytes written, %d spills", len(m.stdout), m.spills)
	}
	if len(m.file) > 50*len(frame) {
		t.Errorf("the temporary file grew to %d: its start is not used again", len(m.file))
	}
}

// Every other job is late: small results must not cost a frame's memory each.
func TestManySmallRuns(t *testing.T) {
	s := New(true, '\n', 64<<20)
	for seq := uint64(2); seq <= 20_000; seq += 2 {
		s.Emit(one(seq, 0), []byte("0123456789\n"))
	}
	if s.Memory() > 10_000*smallest {
		t.Errorf("%d bytes of memory for 10,000 lines", s.Memory())
	}
	for seq := uint64(1); seq <= 20_000; seq += 2 {
		s.Emit(one(seq, 0), nil)
	}
	m := newModel(t, s)
	m.drain()
	if len(m.stdout) != 10_000*11 || s.Memory() != 0 {
		t.Errorf("%d bytes written, %d of memory left", len(m.stdout), s.Memory())
	}
}

// A result in many tiny parts is few pieces: its chunks double.
func TestTinyParts(t *testing.T) {
	s := New(false, '\n', 1<<20)
	h := s.NewHold(1)
	for range 4096 {
		s.Append(h, 7, []byte("16 bytes a part\n"))
	}
	pieces := 0
	for p := h.head; p != nil; p = p.next {
		pieces++
	}
	if pieces > 9 || s.Memory() > 128<<10 {
		t.Errorf("%d pieces, %d bytes of memory for 64 KiB", pieces, s.Memory())
	}
}

func TestHold(t *testing.T) {
	big := bytes.Repeat([]byte("y"), 100<<10)
	for _, budget := range []int64{1 << 20, 1} { // in memory, spilled
		s := New(false, '\n', budget)
		m := newModel(t, s)
		a, b, dropped, stderr := s.NewHold(1), s.NewHold(2), s.NewHold(4), s.NewHold(5)
		for range 3 {
			for _, h := range []*Hold{a, b, dropped, stderr} {
				s.Append(h, 7, big)
			}
			m.drain()
		}
		s.Drop(dropped)
		s.Append(b, 7, []byte("\n"))
		s.EmitHold(one(2, 0), b)
		s.StderrHold(stderr)
		s.EmitHold(one(1, 0), a)
		s.EmitHold(one(3, 0), s.NewHold(1))
		m.drain()
		want := append(bytes.Repeat(big, 3), '\n')
		if !bytes.Equal(m.stdout, bytes.Repeat(want, 2)) || !bytes.Equal(m.stderr, want) {
			t.Errorf("budget %d: stdout or stderr differs", budget)
		}
		credit, jobs := 0, 0
		for _, r := range s.Receipts(nil) {
			credit, jobs = credit+r.Bytes, jobs+r.Count
		}
		if credit != 12*len(big)+1 || jobs != 3 {
			t.Errorf("budget %d: %d bytes of credit and %d jobs returned", budget, credit, jobs)
		}
		if err := audit(s, m); err != nil || !s.Empty() || s.Memory() != 0 {
			t.Errorf("budget %d: %v, empty %v, memory %d", budget, err, s.Empty(), s.Memory())
		}
	}
}

func TestHoldThatHasEnded(t *testing.T) {
	use := map[string]func(*Stage, *Hold){
		"append": func(s *Stage, h *Hold) { s.Append(h, 1, []byte("x")) },
		"emit":   func(s *Stage, h *Hold) { s.EmitHold(one(2, 0), h) },
		"stderr": func(s *Stage, h *Hold) { s.StderrHold(h) },
		"drop":   func(s *Stage, h *Hold) { s.Drop(h) },
	}
	for name, f := range use {
		t.Run(name, func(t *testing.T) {
			s := New(false, '\n', 1<<20)
			h := s.NewHold(1)
			s.EmitHold(one(1, 0), h)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f(s, h)
		})
	}
}

func TestRest(t *testing.T) {
	s := New(true, '\n', 1<<20)
	s.Emit(Receipt{Seq: 5, Count: 1}, []byte("five\n"))
	s.Emit(Receipt{Seq: 3, Count: 1}, []byte("three\n"))
	s.Emit(Receipt{Seq: 1, Count: 1}, []byte("one\n"))
	s.Rest()
	var got []byte
	for _, op := range s.Ops(nil) {
		if op.Kind != Stdout {
			t.Errorf("an op of kind %d", op.Kind)
		}
		got = append(got, op.Data...)
		s.Done(op)
	}
	if string(got) != "one\nthree\nfive\n" {
		t.Errorf("written: %q", got)
	}
	if !s.Empty() {
		t.Error("something is left")
	}
}

// Jobs of an earlier run hold nobody up, and in a run that ends early what is
// held is forgotten.
func TestSkipAndForget(t *testing.T) {
	s := New(true, '\n', 1<<20)
	m := newModel(t, s)
	s.Skip(1, 3)
	s.Emit(Receipt{Seq: 5, Count: 1}, []byte("five"))
	s.Skip(6, 2)
	s.Emit(Receipt{Seq: 9, Count: 1}, []byte("nine"))
	s.Emit(Receipt{Seq: 4, Count: 1}, []byte("four"))
	m.drain()
	if got := string(m.stdout); got != "four\nfive\n" || s.Frontier() != 8 || s.Empty() {
		t.Errorf("written %q, frontier %d, empty %v", got, s.Frontier(), s.Empty())
	}
	s.Forget()
	m.drain()
	if last := m.marks[len(m.marks)-1]; !s.Empty() || s.Memory() != 0 || len(m.stdout) != 10 || last.frontier != 8 {
		t.Errorf("empty %v, memory %d, written %q, %+v", s.Empty(), s.Memory(), m.stdout, last)
	}
}

func TestReserve(t *testing.T) {
	s := New(false, '\n', 1<<20)
	h := s.NewHold(1)
	s.Append(h, 1, make([]byte, 300<<10))
	if s.Reserve(1 << 20); len(s.Ops(nil)) > 0 {
		t.Error("something is spilled before there is more")
	}
	s.Append(h, 1, []byte("x"))
	if s.held > 1<<20/8 {
		t.Errorf("%d bytes are held, of an eighth of 1 MiB", s.held)
	}
	s.Reserve(0)
	s.Append(h, 1, make([]byte, 700<<10))
	if s.held < 700<<10 {
		t.Errorf("%d bytes are held when all may be held again", s.held)
	}
}

// A run in many pieces of the file is no more operations at a time than there have
// to be, and goes on by what comes behind it.
func TestRunInManyPieces(t *testing.T) {
	const jobs = 10 * mostOps
	s := New(true, '\n', 1)
	m := newModel(t, s)
	result := bytes.Repeat([]byte("x"), 500)
	for seq := uint64(jobs); seq > 1; seq-- { // backwards, so that no two are one piece
		s.Emit(one(seq, 0), result)
		m.drain()
	}
	s.Emit(one(1, 0), []byte("first\n"))
	most := 0
	for next := uint64(jobs + 1); !s.Empty() || len(m.flying) > 0; {
		if m.take(); len(m.flying) == 0 {
			t.Fatal("something is left to write, and nothing is to be done for it")
		}
		most = max(most, len(m.flying))
		for range 1 + len(m.flying)/2 {
			m.step()
		}
		if next < jobs+100 {
			s.Emit(one(next, 0), []byte("more\n"))
			next++
		}
	}
	if want := len("first\n") + (jobs-1)*(len(result)+1) + 99*len("more\n"); len(m.stdout) != want {
		t.Errorf("%d bytes are written, want %d", len(m.stdout), want)
	}
	if most > mostOps+1 {
		t.Errorf("%d operations at a time", most)
	}
	if err := audit(s, m); err != nil || s.Memory() != 0 {
		t.Errorf("%v, %d bytes of memory", err, s.Memory())
	}
}
