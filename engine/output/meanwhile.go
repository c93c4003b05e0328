package output

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// While stdout takes nothing there may be things to say, that a worker is lost or
// that it is stdout that is waited for. So a pipe is written without waiting in
// the write, and messages go past the results that wait.
const (
	// lookEvery is between two looks at what there is to say.
	lookEvery = 200 * time.Millisecond
	// looksWarned is after how many of them it is said that stdout takes nothing.
	looksWarned = 50
)

// apart has stdout, where it is a pipe on which nothing is said, written through a
// descriptor of our own, which does not block. Other processes may share the one
// we were given.
func (w *Writer) apart(stderr *os.File) {
	if same(w.stdout.file, stderr) || w.stdout.isTerminal() {
		return
	}
	if fd := reopen(w.stdout.fd); fd >= 0 {
		w.stdout.fd, w.stdout.ours = fd, true
	}
	w.stdout.meanwhile = w.meanwhile
}

func same(a, b *os.File) bool {
	x, err := a.Stat()
	if err != nil {
		return true
	}
	y, err := b.Stat()
	return err != nil || os.SameFile(x, y)
}

// meanwhile is called again and again while stdout takes nothing. It says what
// waits to be said.
func (w *Writer) meanwhile(looks int) {
	if looks == w.looksWarned && w.tellStuck != nil {
		w.tellStuck()
	}
	w.sayAmong(w.batch)
	w.mu.Lock()
	queue := w.queue
	w.queue = nil // nobody joins anything to what is being said
	w.mu.Unlock()
	w.sayAmong(queue)
	w.mu.Lock()
	w.queue = append(queue, w.queue...)
	w.mu.Unlock()
}

// sayAmong says the messages among tasks, which become nothing.
func (w *Writer) sayAmong(tasks []task) {
	for i := range tasks {
		if t := &tasks[i]; t.to == w.stderr && len(t.text) > 0 {
			w.put(t)
		}
	}
}

// wait waits until a file that does not block takes more.
func (s *sink) wait() error {
	timeout := -1
	if s.meanwhile != nil {
		timeout = int(lookEvery.Milliseconds())
	}
	for looks := 1; ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, timeout)
		switch {
		case n > 0:
			return nil
		case err == nil:
			s.meanwhile(looks)
			looks++
		case err != unix.EINTR:
			return err
		}
	}
}
