package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
)

// assembly is a record that comes in parts.
type assembly struct {
	seq, attempt uint64
	data         []byte // grows only with what has come
}

// read takes in frames until the connection ends.
func (c *connection) read() {
	for {
		f, err := c.frame(c.dead)
		if err == nil {
			err = c.take(f)
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// frame waits for the next frame, at most patience for each of its bytes. It
// is valid until the next call.
func (c *connection) frame(patience time.Duration) (codec.Frame, error) {
	for {
		f, n, err := c.in.Next(c.buf)
		if err != nil {
			return f, fmt.Errorf("%w: it does not keep to the protocol: %v", ErrLost, err)
		}
		if n > 0 {
			c.buf = c.buf[n:]
			return f, nil
		}
		if cap(c.buf)-len(c.buf) < codec.MaxFrame+codec.HeaderLen {
			// What was returned before is not valid any more.
			c.buf = c.base[:copy(c.base, c.buf)]
		}
		n, err = c.more(patience)
		c.buf = c.buf[:len(c.buf)+n]
		if err != nil && n == 0 {
			return f, c.lost(err, patience)
		}
	}
}

// looks is in how many parts we wait for a byte. While this process is stopped,
// by ^Z for instance, one of them may run out, and not more: what has come
// meanwhile is there to be read, and a coordinator of this process, which was
// stopped too, gets the time to speak.
const looks = 4

// more waits for more bytes of the coordinator, at most patience.
func (c *connection) more(patience time.Duration) (n int, err error) {
	for range looks {
		if err := c.conn.SetReadDeadline(time.Now().Add(patience / looks)); err != nil {
			return 0, err
		}
		if n, err = c.conn.Read(c.buf[len(c.buf):cap(c.buf)]); !isTimeout(err) {
			break
		}
	}
	return n, err
}

func isTimeout(err error) bool {
	var late interface{ Timeout() bool }
	return errors.As(err, &late) && late.Timeout()
}

const readSize = 256 << 10

// lost says why nothing more comes.
func (c *connection) lost(err error, patience time.Duration) error {
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it closed the connection", ErrLost)
	case isTimeout(err):
		c.silent = true
		return fmt.Errorf("%w: it was silent for %v", ErrLost, patience)
	}
	return fmt.Errorf("%w: %v", ErrLost, cause(err))
}

// violation is an error of a coordinator that does what none does.
func violation(format string, args ...any) error {
	return fmt.Errorf("%w: it does not keep to the protocol: %s", ErrLost, fmt.Sprintf(format, args...))
}

// take does what one frame asks for.
func (c *connection) take(f codec.Frame) error {
	if c.rec != nil && f.Type == codec.TypeJobs {
		return violation("jobs in the middle of a record")
	}
	switch f.Type {
	case codec.TypeJobs:
		return c.takeJobs(f.Payload)
	case codec.TypeJobPart:
		return c.takePart(f.Payload)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.wake()
	if len(c.control) > c.spoken {
		return violation("it asks and does not read the answers")
	}
	switch f.Type {
	case codec.TypeAck:
		return c.acknowledged(f.Payload)
	case codec.TypeRevoke:
		revoke, err := codec.ParseRevoke(f.Payload)
		if err != nil {
			return violation("%v", err)
		}
		c.sayBack(c.queue.revoke(c.welcome.Delim, revoke.Count)) // also when there is nothing
	case codec.TypeCancel:
		return c.cancel(f.Payload)
	case codec.TypePrefer:
		return c.prefer(f.Payload)
	case codec.TypePing:
		c.say(codec.TypePong, f.Payload)
	case codec.TypePong:
		switch {
		case string(f.Payload) == heldPing && c.waiting:
			c.offer()
		case string(f.Payload) == lastPing && c.retired:
			c.alone = true
		}
	case codec.TypeOver:
		if _, err := codec.ParseOver(f.Payload); err != nil {
			return violation("%v", err)
		}
		shut(c.over)
	default:
		return violation("a frame of type %d, which a coordinator never sends", f.Type)
	}
	return nil
}

// acknowledged takes credit, and forgets what is safe. The link's mutex is held.
func (l *link) acknowledged(payload []byte) error {
	m, err := codec.ParseAck(payload)
	if err != nil {
		return violation("%v", err)
	}
	if err := l.mayCredit(m.Credit); err != nil {
		return err
	}
	l.results.earn(int64(m.Credit))
	for _, w := range m.Spans {
		s := span{w.Seq, w.Count}
		l.results.acknowledge(s)
		l.results.acknowledgeAnswers(s)
	}
	return nil
}

func (l *link) mayCredit(n uint64) error {
	if n > math.MaxInt64/4 || l.results.credit > math.MaxInt64/2 {
		return violation("credit of %d bytes", n)
	}
	return nil
}

// cancel stops jobs, and gives back those that had not started. The link's mutex
// is held.
func (l *link) cancel(payload []byte) error {
	m, err := codec.ParseCancel(payload)
	if err != nil {
		return violation("%v", err)
	}
	var back []span
	for _, s := range fromWire(m.Spans) {
		back = l.queue.cancel(back, l.welcome.Delim, s)
		l.cancelLines(s)
		for _, r := range l.running {
			if r.seq != 0 && r.seq-s.seq < s.count {
				r.cancel()
			}
		}
	}
	l.giveBack(back)
	return nil
}

// takeJobs queues a range. Its bytes are copied: the frame is only lent.
func (c *connection) takeJobs(payload []byte) error {
	j, err := parseJobs(payload)
	if err != nil {
		return violation("%v", err)
	}
	delims := bytes.Count(j.Data, []byte{c.welcome.Delim})
	if n := len(j.Data); n == 0 || j.Data[n-1] != c.welcome.Delim {
		delims++ // the last record of the input
	}
	if delims != j.Count {
		return violation("%d jobs in %d records", j.Count, delims)
	}
	if c.cfg.Lines && len(j.Data) > len(chunk{}.buf)/4 {
		j.own()
	} else {
		j.Data = bytes.Clone(j.Data)
	}
	return c.enqueue(j)
}

// takePart adds to a record that comes in parts.
func (c *connection) takePart(payload []byte) error {
	m, err := codec.ParseJobPart(payload)
	if err != nil {
		return violation("%v", err)
	}
	if c.rec == nil {
		c.rec = &assembly{seq: m.Seq, attempt: m.Attempt, data: newRecord()}
	}
	a := c.rec
	if a.seq != m.Seq || a.attempt != m.Attempt {
		return violation("a part of job %d in the middle of job %d", m.Seq, a.seq)
	}
	if most := min(c.welcome.MaxJob, MaxRecord); uint64(len(a.data)+len(m.Data)) > most+1 {
		return violation("a record of more than %d bytes", most)
	}
	if i := bytes.IndexByte(m.Data, c.welcome.Delim); i >= 0 && !(m.Last && i == len(m.Data)-1) {
		return violation("job %d is more than one record", a.seq)
	}
	a.data = append(a.data, m.Data...)
	if !m.Last {
		return nil
	}
	c.rec = nil
	return c.enqueue(leased{batch.Range{Seq: a.seq, Count: 1, Data: a.data}, a.attempt, nil})
}

// enqueue queues jobs, or gives them back at once when no more are taken.
func (l *link) enqueue(r leased) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.control) > l.spoken {
		return violation("it asks and does not read the answers")
	}
	if l.retired || l.paused > 0 {
		l.giveBack([]span{{r.Seq, uint64(r.Count)}})
		return nil
	}
	if l.queue.bytes > maxQueued && l.queue.jobs > l.cfg.Slots {
		return violation("more than %d bytes of jobs for %d slots", maxQueued, l.cfg.Slots)
	}
	l.queue.put(r)
	l.given += uint64(r.Count)
	l.work.Broadcast()
	l.ringSlots()
	return nil
}
