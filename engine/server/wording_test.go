package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
	"github.com/jobpipe/jobpipe/engine/split"
)

// part sends a part of what a job printed.
func (f *fake) part(seq uint64, stream uint8, text string) {
	f.t.Helper()
	f.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: seq, Attempt: 1, Stream: stream, Data: []byte(text)}))
}

// objects takes the objects in text apart, by their seq.
func objects(t *testing.T, text string) map[int]map[string]any {
	t.Helper()
	all := map[int]map[string]any{}
	for line := range strings.Lines(text) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		seq := int(o["seq"].(float64))
		if all[seq] != nil {
			t.Errorf("job %d has a second object: %s", seq, line)
		}
		delete(o, "seq")
		all[seq] = o
	}
	return all
}

const second = 1_000_000

// Each job has an object, whatever became of it, and however its result came.
func TestObjects(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Format, c.Schedule.Retries, c.Schedule.MaxLost = render.JSONLines, 1, 1
		c.Stage = order.New(true, '\n', 64<<20)
	})
	w := r.connect(codec.Hello{Slots: 9, Name: "box", Lines: true})
	r.jobs("one\ntwo\n\xff\nfour\nfive\nsix\nseven\n")
	for got := uint64(0); got < 7; {
		got += w.job().Count
	}
	w.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: 1, Count: 3, Start: 10 * second, Took: 3 * second, Lines: []byte("1\n2\n\xff\xfe\n")}))
	euro := "\u20ac"
	w.part(5, 1, "a"+euro[:1])
	w.part(5, 2, "\xff")
	w.part(5, 1, euro[1:2])
	w.answer(codec.Result{Seq: 5, Start: 20 * second, Took: 1, Stdout: []byte(euro[2:] + "\"\n"), Stderr: []byte("!")})
	w.part(6, 1, "never printed")
	w.part(6, 2, "first ")
	w.answer(codec.Result{Seq: 6, Code: 1, Stderr: []byte("try\n")})
	again := w.job()
	w.answer(codec.Result{Seq: 6, Attempt: again.Attempt, Start: 30 * second, Took: second, Outcome: codec.Signaled, Code: 9, Stderr: []byte("second try\n")})
	w.answer(codec.Result{Seq: 4, Start: 40 * second, Took: second / 2, Outcome: codec.TooLarge, Note: []byte("it printed more than 7 bytes")})
	for again = w.job(); again.Seq != 4; again = w.job() {
	}
	w.answer(codec.Result{Seq: 4, Attempt: 2, Start: 40 * second, Took: second / 2, Outcome: codec.TooLarge, Note: []byte("it printed more than 7 bytes")})
	r.eventually(func() bool { return r.Counts.Done.Load() == 6 })
	w.Close() // with it goes the last job
	r.items <- split.Item{Range: batch.Range{Seq: 8, Count: 1}, TooLong: 99}
	r.noMore()
	out, errs := r.written()

	object := func(job, stdout any, rest string) (o map[string]any) {
		text := `{"stderr":"","exit":null,"signal":null,"error":null,"worker":"box","attempts":1,` + rest + `}`
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		o["job"], o["stdout"] = job, stdout
		return o
	}
	b64 := func(o map[string]any, name, bytes string) map[string]any {
		delete(o, name)
		o[name+"_b64"] = base64.StdEncoding.EncodeToString([]byte(bytes))
		return o
	}
	nobody := `"worker":null,"start":null,"seconds":null`
	want := map[int]map[string]any{
		1: object("one", "1\n", `"exit":0,"start":"1970-01-01T00:00:10.000000Z","seconds":1`),
		2: object("two", "2\n", `"exit":0,"start":"1970-01-01T00:00:11.000000Z","seconds":1`),
		3: b64(b64(object(nil, nil, `"exit":0,"start":"1970-01-01T00:00:12.000000Z","seconds":1`), "job", "\xff"), "stdout", "\xff\xfe\n"),
		4: object("four", "", `"error":"it printed more than 7 bytes","attempts":2,"start":"1970-01-01T00:00:40.000000Z","seconds":0.5`),
		5: b64(object("five", "a"+euro+"\"\n", `"exit":0,"start":"1970-01-01T00:00:20.000000Z","seconds":0.000001`), "stderr", "\xff!"),
		6: object("six", "", `"stderr":"second try\n","signal":9,"error":"killed by signal 9 (SIGKILL)","attempts":2,"start":"1970-01-01T00:00:30.000000Z","seconds":1`),
		7: object("seven", "", `"error":"its worker vanished, and it is not given to another (--max-lost)",`+nobody),
		8: object(nil, "", `"error":"its record of 99 bytes is longer than --max-job allows (67108864); it is not in --failed","attempts":0,`+nobody),
	}
	got := objects(t, out)
	for seq := range want {
		if !reflect.DeepEqual(got[seq], want[seq]) {
			t.Errorf("job %d:\ngot  %v\nwant %v", seq, got[seq], want[seq])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d objects:\n%s", len(got), out)
	}
	// Stderr is in the object; that of an attempt which does not count is nowhere else.
	var passed []string
	for line := range strings.Lines(errs) {
		if !strings.HasPrefix(line, "jobpipe: ") {
			passed = append(passed, line)
		}
	}
	if !reflect.DeepEqual(passed, []string{"first try\n"}) {
		t.Errorf("stderr has %q", passed)
	}
}

// What is worded while it is written, because it is large or came in parts, is what
// it would be at once.
func TestLargeResults(t *testing.T) {
	for _, format := range []render.Format{render.JSONLines, render.TaggedText} {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprint(format, keep), func(t *testing.T) {
				r := start(t, func(c *Config) {
					c.Format = format
					c.Stage = order.New(keep, '\n', 16<<10) // which spills
				})
				w := r.worker("box", 9)
				r.do(func() { r.peers[1].window = 1 << 20 })
				huge := strings.Repeat("\"huge\"\n", 12_000)
				record := strings.Repeat("r", mostWhole+1)
				r.jobs("first\n" + "lines\n" + "bytes\n")
				r.jobs(record + "\n")
				r.noMore()
				for got := uint64(0); got < 3; {
					got += w.job().Count
				}
				for last := false; !last; {
					m, err := codec.ParseJobPart(w.get(codec.TypeJobPart))
					if err != nil {
						t.Fatal(err)
					}
					last = m.Last
				}
				printed := map[uint64]string{1: "1\n", 2: huge, 3: "\xff" + huge, 4: "a\nb\nc"}
				for _, seq := range []uint64{4, 3, 2, 1} {
					text := printed[seq]
					for len(text) > 1000 {
						n := min(len(text), 60_000)
						w.part(seq, 1, text[:n])
						text = text[n:]
					}
					w.answer(codec.Result{Seq: seq, Stdout: []byte(text)})
				}
				out, _ := r.written()
				records := map[uint64]string{1: "first", 2: "lines", 3: "bytes", 4: record}
				if format == render.TaggedText {
					var want []string
					for _, seq := range []uint64{4, 3, 2, 1} {
						tagged := string(render.AppendTagged(nil, []byte(records[seq]), []byte(printed[seq]), '\n'))
						want = append(want, tagged)
					}
					want[0] += "\n"
					if keep {
						want[0], want[1], want[2], want[3] = want[3], want[2], want[1], want[0]
					}
					if out != strings.Join(want, "") {
						t.Errorf("got  %d bytes: %.60q\nwant %d: %.60q", len(out), out, len(strings.Join(want, "")), want)
					}
					return
				}
				got := objects(t, out)
				for seq, text := range printed {
					name := "stdout"
					if seq == 3 {
						name, text = "stdout_b64", base64.StdEncoding.EncodeToString([]byte(text))
					}
					o := got[int(seq)]
					if o[name] != text || o["job"] != records[seq] || o["stderr"] != "" || o["exit"] != 0.0 {
						t.Errorf("job %d has the object %.99q", seq, fmt.Sprint(o))
					}
				}
			})
		}
	}
}

// A line that answers nothing has its job, too; a job that printed nothing has none.
func TestTags(t *testing.T) {
	for _, lines := range []bool{false, true} {
		r := start(t, func(c *Config) { c.Format, c.Stage = render.TaggedText, order.New(true, '\n', 1<<20) })
		w := r.connect(codec.Hello{Slots: 9, Name: "box", Lines: lines})
		r.jobs("one\ntwo\n\nfour\nfive\n")
		r.noMore()
		for got := uint64(0); got < 5; {
			got += w.job().Count
		}
		w.answer(codec.Result{Seq: 1, Stdout: []byte("a\n\nb")})
		w.answer(codec.Result{Seq: 2, Code: 1, Stderr: []byte("e\n")})
		w.part(5, 1, "")
		w.answer(codec.Result{Seq: 5, Code: 1})
		if lines {
			w.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: 3, Count: 2, Lines: []byte("\nd\n")}))
		} else {
			w.answer(codec.Result{Seq: 3, Stdout: []byte("\n")})
			w.answer(codec.Result{Seq: 4, Stdout: []byte("d\n")})
		}
		want := "one\ta\none\t\none\tb\n\t\nfour\td\n"
		if lines {
			want = "one\ta\none\t\none\tb\ntwo\t\n\t\nfour\td\nfive\t\n"
		}
		if out, errs := r.written(); out != want || !strings.Contains(errs, "e\n") {
			t.Errorf("stdout %q, want %q; stderr %q", out, want, errs)
		}
	}
}
