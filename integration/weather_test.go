package integration

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// The two directions of a connection.
const (
	up   = 0 // to the coordinator
	down = 1
)

// A sky is what happens to all that passes a proxy.
type sky struct {
	delay   time.Duration // of all that passes, up to twice that
	piece   int           // bytes that pass at a time; 0: any number
	rate    int           // bytes a second; 0: any number
	hole    [2]bool       // nothing passes; nothing is lost before the connection is
	flip    [2]bool       // a bit of the next byte changes, behind the opening
	refuses bool          // connections are closed at once
}

// openings is how many bytes the two sides say, each, before they know each
// other's key. Whoever cannot be understood there has another one, and is told.
const openings = 300

// A weather is a sky that changes while connections are under it.
type weather struct {
	mu    sync.Mutex
	clear sync.Cond // the sky has changed
	sky   sky
	open  map[net.Conn]bool
}

func newWeather() *weather {
	w := &weather{open: map[net.Conn]bool{}}
	w.clear.L = &w.mu
	return w
}

// change changes the sky.
func (w *weather) change(to func(*sky)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	to(&w.sky)
	w.clear.Broadcast()
}

// cut ends all connections: with a reset, which loses what is on its way, or
// in good order.
func (w *weather) cut(reset bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		if c, ok := c.(*net.TCPConn); ok && reset {
			_ = c.SetLinger(0)
		}
		_ = c.Close()
	}
}

// spoil is what a proxy under this weather does.
func (w *weather) spoil(_ int, toCoordinator bool, from, to net.Conn) {
	direction := down
	if toCoordinator {
		direction = up
	}
	w.mu.Lock()
	w.open[from] = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.open, from)
		w.mu.Unlock()
	}()
	over := make(chan struct{})
	defer close(over)
	arrived := make(chan arrival, 64)
	go receive(from, arrived, over)
	passed := 0
	for a := range arrived {
		for rest := a.data; len(rest) > 0; {
			size, ok := w.let(direction, rest, a.at, passed >= openings)
			if !ok {
				return
			}
			if _, err := to.Write(rest[:size]); err != nil {
				return
			}
			rest, passed = rest[size:], passed+size
		}
	}
}

// An arrival is what came at a time.
type arrival struct {
	data []byte
	at   time.Time
}

// receive reads until the connection ends, or it is over.
func receive(from net.Conn, to chan<- arrival, over <-chan struct{}) {
	defer close(to)
	for {
		buf := make([]byte, 16<<10)
		n, err := from.Read(buf)
		if n > 0 {
			select {
			case to <- arrival{buf[:n], time.Now()}:
			case <-over:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// let waits until some of b may pass, which arrived at a time, and returns how
// much.
func (w *weather) let(direction int, b []byte, at time.Time, known bool) (size int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.sky.hole[direction] {
		w.clear.Wait()
	}
	if w.sky.refuses {
		return 0, false
	}
	if w.sky.flip[direction] && known {
		w.sky.flip[direction] = false
		b[0] ^= 4
	}
	size = len(b)
	if w.sky.piece > 0 {
		size = min(size, w.sky.piece)
	}
	var wait time.Duration
	if d := w.sky.delay; d > 0 {
		wait = max(0, time.Until(at.Add(d+rand.N(d))))
	}
	if w.sky.rate > 0 {
		size = min(size, max(1, w.sky.rate/20))
		wait += time.Duration(size) * time.Second / time.Duration(w.sky.rate)
	}
	if wait > 0 {
		w.mu.Unlock()
		time.Sleep(wait)
		w.mu.Lock()
	}
	return size, true
}
