package worker

import "syscall"

// mostNow is how many bytes of answers a slot sends itself.
const mostNow = 4 << 10

// hand leaves what there is to the goroutine that writes. The link's mutex is held.
func (s *lines) hand() {
	s.send.Signal()
	s.filter.Yield()
}

// sendNow sends what there is from here, if it is little and the slot has nothing
// else to do: a job alone is so answered without waking another goroutine, which
// would take longer than the sending. It never waits for the connection. It
// reports whether it did. The link's mutex is held, though not all the time.
func (s *lines) sendNow() bool {
	c := s.on
	if c == nil {
		return false
	}
	w := c.writer
	conn, ok := c.conn.(syscall.Conn)
	if !ok || c.sending || c.leaving || c.err != nil || len(s.given) > 0 || c.queue.jobs > 0 ||
		c.results.answers.unsent > mostNow || w.nothing() {
		return false
	}
	w.pick()
	c.mu.Unlock()
	_ = w.encode()            // it has no result to read back
	frames := w.frames.Made() // nothing of so little is lent
	w.rest = frames[writeSome(conn, frames):]
	c.mu.Lock()
	w.sent()
	if !w.nothing() || c.leaving || c.err != nil {
		s.hand()
	}
	return true
}

// writeSome writes what the connection takes at once, and returns how much that is. An
// error is found by who writes next.
func writeSome(conn syscall.Conn, b []byte) int {
	n := 0
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Write(func(fd uintptr) bool {
			n, _ = syscall.Write(int(fd), b)
			return true
		})
	}
	return max(n, 0)
}
