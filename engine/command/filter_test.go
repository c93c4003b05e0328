package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An unbuffered and a buffered way of each kind of filter. The answers to the
// numbers from 1 on are what answer makes of them.
var filters = []struct {
	name   string
	argv   []string
	answer func(n int) string
}{
	{"cat", []string{"cat"}, strconv.Itoa},
	{"sed -u", []string{"sed", "-u", "s/$/x/"}, func(n int) string { return strconv.Itoa(n) + "x" }},
	{"sed", []string{"sed", "s/$/x/"}, func(n int) string { return strconv.Itoa(n) + "x" }},
	{"tr", []string{"tr", "0-9", "a-j"}, letters},
	{"awk", []string{"awk", "{ print $1 * 2 }"}, func(n int) string { return strconv.Itoa(2 * n) }},
	{"jq", []string{"jq", "-c", "[.]"}, func(n int) string { return "[" + strconv.Itoa(n) + "]" }},
	{"while read", []string{"sh", "-c", "while read n; do echo $((n+1)); done"}, func(n int) string { return strconv.Itoa(n + 1) }},
	{"fork", []string{"sh", "-c", "while read n; do expr $n + 1; done"}, func(n int) string { return strconv.Itoa(n + 1) }},
	{"pipeline", []string{"sh", "-c", "tr 0-9 a-j | cat"}, letters},
	{"python3", []string{"env", "-u", "PYTHONUNBUFFERED", "python3", "-c", "import sys\nfor l in sys.stdin: print(len(l))"}, func(n int) string { return strconv.Itoa(len(strconv.Itoa(n)) + 1) }},
}

func letters(n int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, strconv.Itoa(n))
}

func numbers(from, to int) (list []string) {
	for n := from; n <= to; n++ {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

func TestAnyFilterWillDo(t *testing.T) {
	for _, f := range filters {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(f.argv[0]); err != nil {
				t.Skip(err)
			}
			d := newDesk(t, Options{}, f.argv...)
			sizes := []int{1, 2, 500, 1}
			d.serve(func() {
				n := 0
				for _, size := range sizes {
					d.give(numbers(n+1, n+size)...)
					n += size
					d.await(n) // the answers come though no more records do
				}
			})
			for i, got := range d.rows() {
				if want := f.answer(i + 1); got != want {
					t.Fatalf("line %d: %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

func TestAFilterThatCollectsGetsMoreAtATime(t *testing.T) {
	d := newDesk(t, Options{}, "awk", "{ print }")
	d.serve(func() {
		d.give(numbers(1, 100_000)...)
		d.await(100_000)
	})
	// With one record at a time it would be 100,000 processes.
	if d.runs > 100 || !slices.Equal(d.rows(), numbers(1, 100_000)) {
		t.Errorf("%d processes", d.runs)
	}
}

func TestASlowFilterKeepsItsProcess(t *testing.T) {
	for name, line := range map[string]string{
		"sleeps":  "while read n; do sleep 0.3; echo $$; done",
		"works":   "while read n; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; echo $$; done",
		"waits":   "while read n; do (sleep 0.3) & wait; echo $$; done",
		"remote":  "while read n; do python3 -c 'import socket; a,b=socket.socketpair(); a.settimeout(0.3)\ntry: a.recv(1)\nexcept OSError: pass'; echo $$; done",
		"unasked": "trap 'exit 1' TERM; while read n; do sleep 0.1; echo $$; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := shDesk(t, line)
			d.serve(func() {
				for n := range 4 {
					d.give("x")
					d.await(n + 1)
				}
			})
			if rows := d.rows(); len(rows) != 4 || rows[0] != rows[3] || d.runs != 1 {
				t.Errorf("%d processes: %v", d.runs, rows)
			}
		})
	}
}

func TestRecordsAheadAreAsManyAsAreAnsweredInMilliseconds(t *testing.T) {
	d := shDesk(t, "while read n; do sleep 0.05; echo $n; done")
	d.serve(func() {
		d.give(numbers(1, 10)...)
		d.await(10)
	})
	if d.most != 1 {
		t.Errorf("%d records were with a slow process", d.most)
	}
	d = newDesk(t, Options{}, "cat")
	d.serve(func() {
		d.give(numbers(1, 100_000)...)
		d.await(100_000)
	})
	if d.most < 100 {
		t.Errorf("%d records were with a fast process", d.most)
	}
}

func TestNULEndsRecordsAndAnswers(t *testing.T) {
	d := newDesk(t, Options{}, "sed", "-z", "s/a/b/")
	d.delim = 0
	d.serve(func() {
		d.give("a\n", "", "xa")
		d.await(3)
	})
	if got := d.text(); got != "b\n\x00\x00xb\x00" {
		t.Errorf("%q", got)
	}
}

func TestMuchBothWays(t *testing.T) {
	const size = 10 << 20
	for name, line := range map[string]string{
		"writes before it reads":   "head -c 10485760 /dev/zero | tr '\\0' x; echo; cat",
		"reads before it writes":   "exec sort",
		"fills the pipe both ways": "tee /dev/stderr 2>/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			d := shDesk(t, line)
			d.serve(func() {
				d.give("", strings.Repeat("x", size), strings.Repeat("y", 100))
			})
			if n := len(d.text()); n < size || d.lines != 3 {
				t.Errorf("%d bytes, %d lines", n, d.lines)
			}
		})
	}
}

func TestEnvironmentOfAFilter(t *testing.T) {
	t.Setenv("JOBPIPE_SEQ", "7")
	t.Setenv("JOBPIPE_ATTEMPT", "7")
	d := newDesk(t, Options{Worker: "here"}, "sh", "-c", "read x; echo $JOBPIPE_RUN $JOBPIPE_SLOT $JOBPIPE_WORKER ${JOBPIPE_SEQ-none} ${JOBPIPE_ATTEMPT-none}")
	d.give("x")
	d.end()
	d.run(0)
	if got := d.text(); got != "run 3 here none none\n" {
		t.Error(got)
	}
}

func TestBracesAreForOneJobAProcess(t *testing.T) {
	c, err := New([]string{"echo", "{}"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Filter(1); !errors.Is(err, ErrCannotRun) {
		t.Error(err)
	}
}

func TestFilterThatCannotStart(t *testing.T) {
	d := newDesk(t, Options{}, script(t, "#!/no/such/program\n"))
	if _, err := d.f.Run(context.Background(), d, "run", 0); !errors.Is(err, ErrCannotRun) {
		t.Error(err)
	}
}

// BenchmarkFilter runs cat; an operation is one record of ten bytes.
func BenchmarkFilter(b *testing.B) {
	c, err := New([]string{"cat"}, Options{KillAfter: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	f, err := c.Filter(1)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := &mill{left: b.N, block: []byte(strings.Repeat("123456789\n", 6000)), room: make([]byte, 64<<10)}
	b.SetBytes(10)
	b.ReportAllocs()
	if r, err := f.Run(context.Background(), w, "run", 0); err != nil || w.answered != b.N {
		b.Fatal(fmt.Sprint(r, err, w.answered))
	}
}

// A mill hands out the same records again and again.
type mill struct {
	left, answered int
	block, room    []byte
}

func (m *mill) Take(n int) ([]byte, int, bool) {
	n = min(n, m.left, len(m.block)/10)
	m.left -= n
	return m.block[:10*n], n, true
}

func (m *mill) Room() []byte { return m.room }

func (m *mill) Read(n int) int {
	lines := strings.Count(string(m.room[:n]), "\n")
	m.answered += lines
	return lines
}
