package worker

import (
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
	"github.com/jobpipe/jobpipe/engine/socket"
)

// idleSlot is a slot in line mode that has no process, on a connection of which
// near is the other end.
func idleSlot(t *testing.T) (s *lines, near net.Conn) {
	t.Helper()
	near, far, err := socket.Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	l := &link{
		cfg:     &Config{Slots: 1},
		results: outbox{window: 1 << 20, credit: 1 << 20, kept: map[uint64]*result{}},
	}
	l.work.L, l.send.L = &l.mu, &l.mu
	l.results.answers.kept = map[uint64]*answer{}
	l.on = &connection{link: l, conn: far, out: codec.NewEncoder(codec.NewScratch()), broken: make(chan struct{})}
	l.on.writer = &writer{connection: l.on, start: time.Now()}
	return &lines{link: l, filter: new(command.Filter)}, near
}

func (s *lines) answerNow(seq uint64, line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results.putAnswer(answer{kind: wholeLines, seq: seq, count: 1, data: []byte(line)})
	return s.sendNow()
}

func answerTo(t *testing.T, c *coordinator) (seq uint64, lines string) {
	t.Helper()
	a, err := codec.ParseAnswers(c.expect(codec.TypeAnswers))
	if err != nil {
		t.Fatal(err)
	}
	return a.Seq, string(a.Lines)
}

func TestAnswerIsSentByItsSlot(t *testing.T) {
	s, near := idleSlot(t)
	c := play(t, near)
	for seq := uint64(1); seq < 4; seq++ {
		if !s.answerNow(seq, "a line\n") {
			t.Fatal("the slot leaves its answer to the writer")
		}
		if got, line := answerTo(t, c); got != seq || line != "a line\n" {
			t.Fatalf("job %d is answered %q, want %d", got, line, seq)
		}
	}
	for name, change := range map[string]func(){
		"the writer sends":     func() { s.on.sending = true },
		"there are other jobs": func() { s.given = []handed{{seq: 9, count: 1}} },
		"there are jobs":       func() { s.queue.jobs = 1 },
		"the worker leaves":    func() { s.on.leaving = true },
		"it is much":           func() { s.results.answers.unsent = mostNow },
		"there is no credit":   func() { s.results.credit = 0 },
	} {
		s, _ = idleSlot(t)
		change()
		if s.answerNow(1, "a line\n") {
			t.Errorf("the slot sends its answer itself though %s", name)
		}
	}
}

// What a connection does not take is sent by the writer, in the same order.
func TestAnswerThatDoesNotFitTheConnection(t *testing.T) {
	s, near := idleSlot(t)
	filling := 0
	for size := 64 << 10; size > 0; {
		n := writeSome(s.on.conn.(syscall.Conn), make([]byte, size))
		if filling += n; n < size {
			size /= 2
		}
	}
	for seq := uint64(1); seq < 4; seq++ {
		s.answerNow(seq, "a line\n")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.on.write()
	}()
	for filling > 0 {
		n, err := near.Read(make([]byte, min(filling, 1<<16)))
		if err != nil {
			t.Fatal(err)
		}
		filling -= n
	}
	c := play(t, near)
	var got []uint64
	for len(got) < 3 {
		seq, lines := answerTo(t, c)
		for range len(lines) / len("a line\n") {
			got = append(got, seq)
			seq++
		}
	}
	if !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("answers to %d", got)
	}
	s.on.fail(ErrLost)
	<-ended
}
