package journal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/jobpipe/jobpipe/engine/render"
)

var update = flag.Bool("update", false, "write testdata anew")

// small is a journal of a few records, with the state after each.
func small() (file []byte, states []State, ends []int) {
	s := State{
		Settings: Settings{Delim: '\n', KeepOrder: true, Lines: true, Command: []string{"tr", "a-z", "A-Z"}},
		Run:      [16]byte{1, 2, 3}, PID: 4242, Boot: "b", Path: "results.txt", Inode: 77, Base: 100, End: 120, Sum: 0xabcdef01,
	}
	s.Done.Add(Span{1, 4})
	s.Failed.Add(Span{2, 3})
	s.Points = []Point{{2, 1, 11}, {4, 2, 22}}
	s.Tip = Point{6, 3, 33}
	w, file := Begin(s)
	note := func() {
		copied := w.State
		copied.Done, copied.Failed = w.Done.clone(), w.Failed.clone()
		states = append(states, copied)
		ends = append(ends, len(file))
	}
	note()
	file = w.Results(file, &Results{Done: []Span{{5, 9}, {4, 5}, {12, 13}}, Failed: []Span{{12, 13}}, End: 300, Sum: 5, Points: []Point{{20, 9, 44}}, Tip: Point{30, 14, 55}})
	note()
	file = w.Sync(file, 200, int64(ends[0]))
	note()
	file = w.Results(file, &Results{Done: []Span{{9, 12}}, End: 300, Sum: 5, Tip: Point{30, 14, 55}})
	note()
	file = w.Results(file, &Results{Done: []Span{{13, 15}}, End: 333, Sum: 6, Tip: Point{40, 15, 66}})
	note()
	file = w.Close(file, int64(len(file)))
	note()
	return file, states, ends
}

func TestGolden(t *testing.T) {
	file, _, _ := small()
	const name = "testdata/small.txt"
	if *update {
		if err := os.WriteFile(name, []byte(hex.Dump(file)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.Dump(file); got != string(want) {
		t.Errorf("the format has changed: a journal of an earlier version would be misread; it is now\n%s", got)
	}
}

func same(a, b *State) bool {
	x, y := *a, *b
	x.covered, y.covered = 0, 0
	return reflect.DeepEqual(x.Done.Spans(), y.Done.Spans()) && reflect.DeepEqual(x.Failed.Spans(), y.Failed.Spans()) &&
		x.End == y.End && x.Sum == y.Sum && x.Synced == y.Synced && x.Closed == y.Closed && x.Tip == y.Tip &&
		len(x.Points) == len(y.Points) && reflect.DeepEqual(x.Settings, y.Settings) &&
		x.Run == y.Run && x.PID == y.PID && x.Path == y.Path && x.Boot == y.Boot && x.Inode == y.Inode && x.Base == y.Base
}

// What was written is read, also in a header that holds the sum of it.
func TestReplay(t *testing.T) {
	file, states, ends := small()
	h, err := Replay(file)
	if err != nil || h.Torn != 0 || !same(&h.State, &states[len(states)-1]) || len(h.Marks) != len(states) {
		t.Fatalf("%+v: %v", h, err)
	}
	for i, m := range h.Marks {
		back, err := h.Back(file, m)
		if err != nil || m.covered != ends[i] || !same(&back.State, &states[i]) {
			t.Errorf("the state after record %d is %+v, want %+v (%v)", i, back.State, states[i], err)
		}
	}
	_, header := Begin(h.State)
	again, err := Replay(header)
	h.Closed = false
	if err != nil || !same(&again.State, &h.State) {
		t.Errorf("from a header: %+v, want %+v (%v)", again.State, h.State, err)
	}
}

// A journal that ends anywhere is good up to its last whole record.
func TestCutAnywhere(t *testing.T) {
	file, states, ends := small()
	for n := range len(file) {
		for _, tail := range [][]byte{nil, make([]byte, 512), bytes.Repeat([]byte("RSX\x01"), 30), file[:ends[0]]} {
			data := append(bytes.Clone(file[:n]), tail...)
			h, err := Replay(data)
			last := -1 // the last record of which all is there, be it by chance
			for last+1 < len(ends) && bytes.HasPrefix(data, file[:ends[last+1]]) {
				last++
			}
			if last < 0 {
				if err != ErrForeign {
					t.Fatalf("cut to %d bytes of the header: %v", n, err)
				}
				continue
			}
			if err != nil || h.Torn != len(data)-ends[last] || !same(&h.State, &states[last]) {
				t.Fatalf("cut to %d bytes and %d others: %v, %+v, want %+v", n, len(tail), err, h, states[last])
			}
		}
	}
}

// Each bit of a journal may flip: in the last record that counts as torn, before
// it as damage, and never is anything else read than what was written.
func TestFlipAnywhere(t *testing.T) {
	file, states, ends := small()
	last := len(ends) - 1
	for i := range file {
		for _, change := range []int{1, 2, 4, 8, 16, 32, 64, 128, 255} {
			bad := bytes.Clone(file)
			bad[i] ^= byte(change)
			h, err := Replay(bad)
			var d *Damaged
			switch {
			case i < ends[0]:
				if err != ErrForeign {
					t.Fatalf("byte %d of the header, changed by %#x: %v", i, change, err)
				}
			case i >= ends[last-1]:
				if err != nil || h.Torn == 0 || !same(&h.State, &states[last-1]) {
					t.Fatalf("byte %d of the last record, changed by %#x: %v, %+v", i, change, err, h)
				}
			case !errors.As(err, &d):
				t.Fatalf("byte %d, changed by %#x: %v, %+v", i, change, err, h)
			default:
				k := 1
				for ends[k] <= i {
					k++
				}
				before, all := states[k-1].Done.Count(), states[last].Done.Count()
				if d.Offset != ends[k-1] || d.Done != before || d.Lost != all-before || !d.Synced {
					t.Fatalf("byte %d, changed by %#x: %+v, want %d of %d jobs lost from %d on", i, change, d, all-before, all, ends[k-1])
				}
			}
		}
	}
}

// A block of zeros, as a disk may leave it, is damage or a torn end.
func TestZeroBlockAnywhere(t *testing.T) {
	file, states, ends := small()
	for n := 1; n < 80; n++ {
		for i := ends[0]; i+n <= len(file); i++ {
			bad := bytes.Clone(file)
			clear(bad[i : i+n])
			if bytes.Equal(bad, file) {
				continue
			}
			h, err := Replay(bad)
			k := 0
			for k+1 < len(ends) && (ends[k+1] <= i || bytes.Equal(bad[:ends[k+1]], file[:ends[k+1]])) {
				k++
			}
			var d *Damaged
			if errors.As(err, &d) {
				if d.Offset != ends[k] {
					t.Fatalf("zeros at %d+%d: %v", i, n, err)
				}
			} else if err != nil || !same(&h.State, &states[k]) {
				t.Fatalf("zeros at %d+%d: %v, %+v", i, n, err, h)
			}
		}
	}
}

// What was not written behind what is before it is no record.
func TestStaleRecord(t *testing.T) {
	file, states, ends := small()
	stale := append(bytes.Clone(file[:ends[0]]), file[ends[2]:ends[3]]...)
	h, err := Replay(stale)
	if err != nil || h.Torn != ends[3]-ends[2] || !same(&h.State, &states[0]) {
		t.Errorf("%v, %+v", err, h)
	}
}

// Any sequence of records gives the state that a writer has kept.
func TestReplayIsTheWriter(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		w, file := Begin(State{Settings: Settings{Delim: '\n'}, Inode: 1})
		end, tip, next := int64(0), Point{}, uint64(1)
		for range rnd.IntN(30) {
			switch rnd.IntN(4) {
			case 0:
				file = w.Sync(file, w.Synced+rnd.Int64N(w.End-w.Synced+1), rnd.Int64N(1000))
			case 1:
				if rnd.IntN(5) == 0 {
					file = w.Header()
				}
			default:
				r := &Results{Sum: rnd.Uint32()}
				for range 1 + rnd.IntN(4) {
					x := Span{next, next + 1 + rnd.Uint64N(9)}
					next = x.Hi + rnd.Uint64N(3)
					r.Done = append([]Span{x}, r.Done...)
					if rnd.IntN(3) == 0 {
						r.Failed = append(r.Failed, Span{x.Lo, x.Lo + 1})
					}
				}
				end += rnd.Int64N(100)
				tip = Point{tip.Offset + rnd.Int64N(1000), tip.Records + rnd.Uint64N(100), rnd.Uint32()}
				r.End, r.Tip = end, tip
				file = w.Results(file, r)
			}
		}
		if h, err := Replay(file); err != nil || h.Torn > 0 || !same(&h.State, &w.State) {
			t.Fatalf("seed %d: %v, %+v, want %+v", seed, err, h.State, w.State)
		}
	}
}

func TestExpect(t *testing.T) {
	s := State{Points: []Point{{2, 1, 0}, {4, 2, 0}, {60, 30, 0}}, Tip: Point{80, 40, 0}}
	for last, want := range map[uint64]int{0: 0, 1: 1, 2: 2, 3: 3, 30: 3, 31: 4, 40: 4} {
		s.Done = Set{}
		if last > 0 {
			s.Done.Add(Span{last, last + 1})
		}
		if got := s.Expect(); len(got) != want {
			t.Errorf("up to job %d: %v", last, got)
		}
	}
}

func TestRetry(t *testing.T) {
	var s State
	s.Done.Add(Span{1, 10})
	s.Failed.Add(Span{3, 5})
	s.Failed.Add(Span{9, 10})
	s.Retry()
	if s.Failed.Count() != 0 || !reflect.DeepEqual(s.Done.Spans(), []Span{{1, 3}, {5, 9}}) {
		t.Errorf("%v done, %v failed", s.Done.Spans(), s.Failed.Spans())
	}
}

// No bytes make Replay panic or take memory that they do not account for, and
// what it makes of them can be written and read again.
func FuzzReplay(f *testing.F) {
	file, _, ends := small()
	f.Add(file)
	for _, end := range ends {
		f.Add(file[:end])
	}
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := Replay(data)
		if err != nil {
			return
		}
		_, header := Begin(h.State)
		again, err := Replay(header)
		h.Closed, h.Synced = false, h.End
		if err != nil || !same(&again.State, &h.State) {
			t.Errorf("%+v became %+v (%v)", h.State, again.State, err)
		}
	})
}

// What results look like stands beside how they were made.
func TestFormatsAreKept(t *testing.T) {
	for _, lines := range []bool{false, true} {
		for _, format := range []render.Format{render.Text, render.TaggedText, render.JSONLines} {
			want := Settings{Delim: 0, Lines: lines, Format: format, Command: []string{"cat"}}
			_, file := Begin(State{Settings: want, Inode: 1})
			h, err := Replay(file)
			if err != nil || !reflect.DeepEqual(h.Settings, want) {
				t.Errorf("%+v became %+v (%v)", want, h.Settings, err)
			}
		}
	}
}
