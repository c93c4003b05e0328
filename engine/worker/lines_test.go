package worker

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

func TestHelloSaysLines(t *testing.T) {
	cfg := config(t, "cat")
	cfg.Lines = true
	if _, h := meet(t, cfg); !h.Lines {
		t.Error("it does not")
	}
}

func TestLinesAnswerRanges(t *testing.T) {
	r := inLines(t, 2, []string{"cat"})
	const n = 20_000
	for seq := uint64(1); seq <= n; seq += 500 {
		r.numbers(seq, 500)
		r.answers(int(seq) / 2)
	}
	r.answers(n)
	r.want(1, n, same)
	if r.frames > n/50 {
		t.Errorf("%d frames for %d lines", r.frames, n)
	}
}

func TestLinesTakeEveryByte(t *testing.T) {
	r := inLines(t, 1, []string{"cat"})
	r.jobs(1, 1, "", "\x00\xff\r", "x")
	r.answers(3)
	if r.answered[1] != "\n" || r.answered[2] != "\x00\xff\r\n" || r.answered[3] != "x\n" {
		t.Errorf("%v", r.answered)
	}
}

func TestLinesEndWithNUL(t *testing.T) {
	r := inLines(t, 1, []string{"tr", "a", "b"}, func(w *codec.Welcome) { w.Delim = 0 })
	r.send(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 2, Attempt: 1, Records: []byte("a\na\x00ca\x00")}))
	a, err := codec.ParseAnswers(r.expect(codec.TypeAnswers))
	for err == nil && a.Count < 2 {
		var more codec.Answers
		more, err = codec.ParseAnswers(r.expect(codec.TypeAnswers))
		a.Count += more.Count
		a.Lines = append(a.Lines, more.Lines...)
	}
	if err != nil || string(a.Lines) != "b\nb\x00cb\x00" {
		t.Errorf("%q, %v", a.Lines, err)
	}
}

func TestLastRecordOfTheInputGetsItsEnd(t *testing.T) {
	r := inLines(t, 1, []string{"cat"})
	r.send(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 2, Attempt: 1, Records: []byte("one\ntwo")}))
	r.answers(2)
	r.numbers(3, 1) // that the process did not join to it
	r.answers(3)
	if r.answered[2] != "two\n" || r.answered[3] != "3\n" {
		t.Errorf("%v", r.answered)
	}
}

func TestOneProcessAnswersAll(t *testing.T) {
	r := inLines(t, 1, []string{"sh", "-c", `while read n; do echo $$; done`})
	for seq := uint64(1); seq <= 5; seq++ {
		r.numbers(seq, 1)
		r.answers(int(seq))
		time.Sleep(5 * time.Millisecond)
	}
	r.want(1, 5, func(uint64) string { return r.answered[1] })
}

func TestAFilterThatCollectsSaysHowManyItTakes(t *testing.T) {
	r := inLines(t, 2, []string{"tr", "a", "b"})
	slots := func() uint64 {
		if len(r.slots) == 0 {
			return 2
		}
		return uint64(r.slots[len(r.slots)-1])
	}
	seq := uint64(1)
	// How long its processes live, which it goes by, the machine decides.
	for end := time.Now().Add(patience); time.Now().Before(end); {
		n := slots()
		r.numbers(seq, n)
		seq += n
		r.answers(int(seq - 1))
		if slots() >= 64 {
			return
		}
	}
	t.Errorf("%v", r.slots)
}

func TestSlotsShareWhatThereIs(t *testing.T) {
	g := newGates(t, 4)
	r := inLines(t, 4, []string{"sh", "-c", "while read n; do cat " + g.dir + "/$JOBPIPE_SLOT; echo $n; done"})
	r.numbers(1, 4)
	for slot := 1; slot <= 4; slot++ {
		g.reached(slot)
	}
	for slot := 1; slot <= 4; slot++ {
		g.pass(slot, "")
	}
	r.answers(4)
}

func TestLongLines(t *testing.T) {
	for _, window := range []uint64{1, 100, 5000, 70_000, 1 << 20} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			r := inLines(t, 1, []string{"cat"}, credit(window))
			sizes := []int{1, 200, 64<<10 - 129, 64<<10 - 128, 64 << 10, 300_000, 3}
			if window < 1000 {
				sizes = []int{1, 200, 1000, 3}
			}
			line := func(seq uint64) string { return strings.Repeat(string(rune('a'+seq)), sizes[seq-1]) + "\n" }
			for i := range sizes {
				for text := line(uint64(i + 1)); ; {
					n := min(len(text), 60_000)
					r.jobPart(uint64(i+1), 1, text[:n], n == len(text))
					if text = text[n:]; text == "" {
						break
					}
				}
				if i%2 == 0 { // two at a time
					r.answers(i + 1)
				}
			}
			r.answers(len(sizes))
			r.want(1, uint64(len(sizes)), line)
		})
	}
}

func TestLinesWaitForCredit(t *testing.T) {
	r := inLines(t, 1, []string{"cat"}, credit(10))
	r.stingy = true
	r.jobs(1, 1, "1234", "5678", "90ab")
	r.answers(2)
	r.echo() // the third does not come, though it may be there
	r.ack(4)
	r.echo()
	r.ack(1)
	r.answers(3)
}

func TestManyLinesWithLittleCredit(t *testing.T) {
	r := inLines(t, 3, []string{"cat"}, credit(100))
	const n = 5000
	for seq := uint64(1); seq <= n; seq += 100 {
		r.numbers(seq, 100)
		r.answers(max(0, int(seq)-1000))
	}
	r.answers(n)
	r.want(1, n, same)
}

func TestOutputStopsWithoutCredit(t *testing.T) {
	// 100 MiB of answers may not pile up in the worker.
	r := shLines(t, `while read n; do head -c 10485760 /dev/zero | tr '\0' x; echo; done`, credit(64<<10))
	r.stingy = true
	r.numbers(1, 10)
	for r.used < 64<<10 {
		r.takeIn(r.next())
	}
	time.Sleep(300 * time.Millisecond)
	var m runtime.MemStats
	runtime.GC()
	if runtime.ReadMemStats(&m); m.HeapAlloc > 20<<20 {
		t.Errorf("%d MiB are in use", m.HeapAlloc>>20)
	}
}

func TestStderrGoesWithAnAnswer(t *testing.T) {
	r := shLines(t, "while read n; do echo about $n >&2; echo $n; done")
	r.numbers(1, 3)
	r.answers(3)
	r.want(1, 3, same)
	all := r.stderr[1] + r.stderr[2] + r.stderr[3]
	if all != "about 1\nabout 2\nabout 3\n" {
		t.Errorf("%v", r.stderr)
	}
}

func TestMuchStderrGoesInParts(t *testing.T) {
	r := shLines(t, "read n; yes | head -c 60000 >&2; sleep 0.1; echo $n", credit(5000))
	r.numbers(1, 1)
	r.answers(1)
	if n := len(r.stderr[1]); n != 60_000 {
		t.Errorf("%d bytes", n)
	}
}

func TestStderrThatIsLeftIsLogged(t *testing.T) {
	r := shLines(t, "cat; echo farewell >&2")
	r.numbers(1, 1)
	r.answers(1)
	r.over(0)
	r.slots0()
	r.goodbye(done)
	if err := r.end(); err != nil || !r.logged.has("farewell") {
		t.Errorf("%v, %q", err, r.logged.lines)
	}
}

// TestWhenLinesRan: the second job runs from the first one's answer on.
func TestWhenLinesRan(t *testing.T) {
	began := uint64(time.Now().UnixMicro())
	g := newGates(t, 2)
	r := shLines(t, "while read n; do cat "+g.dir+"/$n; sleep 0.05; echo $n; done")
	r.numbers(1, 2)
	var got []codec.Answers
	for n := 1; n <= 2; n++ { // each in a frame of its own
		g.reached(n)
		g.pass(n, "")
		f := r.next()
		a, err := codec.ParseAnswers(f.Payload)
		if f.Type != codec.TypeAnswers || err != nil {
			t.Fatalf("%v: %v", f.Type, err)
		}
		got = append(got, a)
	}
	const atLeast = 40_000
	if a, b := got[0], got[1]; a.Start < began || a.Took < atLeast || b.Took < atLeast || b.Start+1 < a.Start+a.Took {
		t.Errorf("begun at %d: %+v", began, got)
	}
}
