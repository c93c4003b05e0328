package worker

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

func credit(n uint64) func(*codec.Welcome) { return func(w *codec.Welcome) { w.Credit = n } }

// That no more bytes are under way than there is credit for, the coordinator of
// these tests checks with each frame.
func TestLargeResultIsCutToTheCredit(t *testing.T) {
	for _, window := range []uint64{1, 100, 5000, 70_000, 1 << 20} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			size := min(200*int(window), 1_000_000)
			c := begin(t, sh(t, fmt.Sprintf("yes 123456789 | head -c %d; yes abc | head -c %d >&2", size, size/2)), credit(window))
			c.jobs(1, 1, "x")
			r := c.result()
			stdout := strings.Repeat("123456789\n", size/10+1)[:size]
			stderr := strings.Repeat("abc\n", size/8+1)[:size/2]
			if string(r.Stdout) != stdout || string(r.Stderr) != stderr {
				t.Errorf("%d bytes on stdout and %d on stderr, want %d and %d", len(r.Stdout), len(r.Stderr), len(stdout), len(stderr))
			}
			if r.pieces == 0 {
				t.Error("it came whole")
			}
		})
	}
}

func TestResultInAFileGoesInPartsToo(t *testing.T) {
	c := begin(t, sh(t, "yes 123456789 | head -c 5000000"))
	c.jobs(1, 1, "x")
	if r := c.result(); !bytes.Equal(r.Stdout, bytes.Repeat([]byte("123456789\n"), 500_000)) {
		t.Errorf("%d bytes, or others", len(r.Stdout))
	}
}

func TestNothingGoesWithoutCredit(t *testing.T) {
	c := begin(t, config(t, "cat"), credit(10))
	c.stingy = true
	c.jobs(1, 1, "1234", "5678", "90ab")
	for want := uint64(1); want <= 2; want++ {
		if r := c.result(); r.Seq != want {
			t.Fatalf("the result of job %d, want %d", r.Seq, want)
		}
	}
	c.echo() // the third does not come, though it may be there
	c.ack(4)
	c.echo()
	c.ack(1)
	if r := c.result(); r.Seq != 3 || c.used != 10 {
		t.Errorf("the result of job %d, %d bytes are under way", r.Seq, c.used)
	}
}

func TestAllCreditIsUsed(t *testing.T) {
	const window = 100_000
	c := begin(t, sh(t, "head -c 1000000 /dev/zero"), credit(window))
	c.stingy = true
	c.jobs(1, 1, "x")
	for c.used < window {
		c.expect(codec.TypeResultPart)
	}
	c.ack(1)
	c.expect(codec.TypeResultPart)
}

// stuck has two slots run the jobs 1 to 4, of which job 1 prints much, and is
// stuck half-way for lack of credit; job 2 is at its gate.
func stuck(t *testing.T, g *gates, second string) *coordinator {
	cfg := sh(t, fmt.Sprintf(`cat %s/$JOBPIPE_SEQ; test $JOBPIPE_SEQ != 1 || head -c 500000 /dev/zero; test $JOBPIPE_SEQ != 2 || %s`, g.dir, second))
	cfg.Slots = 2
	c := begin(t, cfg, credit(64<<10))
	c.stingy = true
	c.jobs(1, 1, "a", "b", "c", "d")
	g.reached(1)
	g.reached(2)
	g.pass(1, "")
	for c.used < c.window {
		c.expect(codec.TypeResultPart)
	}
	g.reached(3)
	return c
}

func TestLargeResultsTakeTurns(t *testing.T) {
	g := newGates(t, 4)
	c := stuck(t, g, "head -c 500000 /dev/zero")
	g.pass(2, "")
	g.reached(4) // the result of job 2 is there
	c.stingy = false
	c.ack(c.used)
	for c.parts[1] != nil && c.parts[2] == nil {
		c.next()
	}
	if c.parts[2] == nil {
		t.Error("the first one was sent to its end before the second began")
	}
	c.result()
	c.result()
}

func TestSmallResultPassesALargeOne(t *testing.T) {
	g := newGates(t, 4)
	c := stuck(t, g, "true")
	g.pass(2, "small")
	g.reached(4)
	c.stingy = false
	c.ack(c.used)
	if r := c.result(); r.Seq != 2 || string(r.Stdout) != "small" {
		t.Errorf("the result of job %d came first", r.Seq)
	}
	c.result()
}

// Credit comes back as much as a part takes, again and again.
func TestSmallResultPassesALargeOneThatTakesAllCredit(t *testing.T) {
	g := newGates(t, 4)
	c := stuck(t, g, "true")
	g.pass(2, "small")
	g.reached(4)
	for len(c.outputs) == 0 {
		c.ack(partSize)
		for c.used < c.window && len(c.outputs) == 0 {
			c.next()
		}
	}
	if r := c.result(); r.Seq != 2 {
		t.Errorf("the result of job %d came first", r.Seq)
	}
	c.stingy = false
	c.ack(c.used)
	c.result()
}

// prefer asks for the result of a job before all others.
func (c *coordinator) prefer(seq uint64, credit int) {
	c.t.Helper()
	c.window += credit
	c.send(codec.TypePrefer, codec.AppendPrefer(nil, codec.Prefer{Seq: seq, Credit: uint64(credit)}))
}

// The preferred job has not ended when it is asked for: its credit is not for the
// large result that waits for some. Then it goes, in parts where it is larger.
func TestPreferredResultWhileAnotherTakesAllCredit(t *testing.T) {
	g := newGates(t, 4)
	c := stuck(t, g, "head -c 500000 /dev/zero")
	c.prefer(2, 10_000)
	c.echo() // nothing comes of job 1
	g.pass(2, "")
	for len(c.outputs) == 0 {
		before := c.used
		c.next()
		if n := len(c.parts[1].Stdout); n > 64<<10 {
			t.Fatalf("%d bytes of job 1 have come", n)
		}
		c.ack(c.used - before)
	}
	if r := c.result(); r.Seq != 2 || len(r.Stdout) != 500_000 {
		t.Errorf("%d bytes of job %d came first", len(r.Stdout), r.Seq)
	}
	c.stingy = false
	c.ack(c.used)
	c.result()
}

// Nothing is put by for a job that the worker does not have, or has no more.
func TestPreferenceOfAJobThatIsGone(t *testing.T) {
	g := newGates(t, 4)
	c := stuck(t, g, "true")
	c.prefer(9, 1000)
	for c.used < c.window {
		c.expect(codec.TypeResultPart)
	}
	c.prefer(4, 1000)
	c.revoke(1)
	c.gaveBack("4")
	for c.used < c.window {
		c.expect(codec.TypeResultPart)
	}
}
