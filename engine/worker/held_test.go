package worker

import (
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

// Whoever returns may have so much to say that it waits to be written when the
// next frame comes. That is not the coordinator's fault.
func TestMuchIsHeld(t *testing.T) {
	l := newLink(&Config{Slots: 1, Log: logTo(t)}, usual())
	const ranges = 1 << 18 // as many as a coordinator takes
	for n := range uint64(ranges) {
		l.results.put(&result{seq: 1<<32 + 2*n, attempt: 1})
	}
	c := &connection{link: l, broken: make(chan struct{})}
	c.resume(1 << 20)
	if len(c.control) <= maxControl {
		t.Fatalf("only %d bytes wait", len(c.control))
	}
	ping := codec.Frame{Type: codec.TypePing, Payload: make([]byte, 8)}
	if err := c.take(ping); err != nil {
		t.Fatal(err)
	}

	told := 0
	for b := c.control; len(b) > 0; {
		n := 3 + int(b[1]) + int(b[2])<<8
		if codec.Type(b[0]) == codec.TypeHeld {
			m, err := codec.ParseHeld(b[3:n])
			if err != nil || m.Last != (told+len(m.Spans) == ranges) {
				t.Fatalf("%v, last is %v after %d", err, m.Last, told)
			}
			told += len(m.Spans)
		}
		b = b[n:]
	}
	if told != ranges {
		t.Errorf("it is told of %d of %d ranges", told, ranges)
	}

	for range maxControl / 8 { // pings alone are still too many some time
		if c.take(ping) != nil {
			return
		}
	}
	t.Error("the answers to pings wait without bound")
}
