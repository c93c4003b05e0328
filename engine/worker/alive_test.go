package worker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
)

func TestPingIsAnswered(t *testing.T) {
	c := begin(t, config(t, "cat"))
	for _, opaque := range []string{"\x00\x00\x00\x00\x00\x00\x00\x00", "abcdefgh", "\xff\xff\xff\xff\xff\xff\xff\xff"} {
		c.send(codec.TypePing, []byte(opaque))
		if got := c.expect(codec.TypePong); string(got) != opaque {
			t.Errorf("%q is answered with %q", opaque, got)
		}
	}
	c.send(codec.TypePong, []byte("ignored!"))
	c.echo()
}

func TestIdleWorkerSaysThatItIsThere(t *testing.T) {
	c := begin(t, config(t, "cat"), func(w *codec.Welcome) { w.DeadAfter = 3 * time.Second })
	if f := c.frame(); f.Type != codec.TypePing {
		t.Errorf("a %v", f.Type)
	}
}

func TestSilentCoordinatorIsGone(t *testing.T) {
	for _, when := range []string{"idle", "busy"} {
		t.Run(when, func(t *testing.T) {
			g := newGates(t, 1)
			c, _ := meet(t, g.config(1))
			w := usual()
			w.DeadAfter = 500 * time.Millisecond
			said := c.enc.Append(nil, codec.TypeWelcome, codec.AppendWelcome(nil, w))
			if when == "busy" { // from the beginning: it does not wait for us
				said = c.enc.Append(said, codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("a\n")}))
			}
			if err := c.write(said); err != nil {
				t.Fatal(err)
			}
			err := c.end()
			if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "silent for 500ms") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whatever it says, it is not taken for dead at once, nor never.
func TestPatienceHasBounds(t *testing.T) {
	for _, c := range []struct{ said, want time.Duration }{{0, LeastDead}, {time.Second, time.Second}, {1 << 62, MostDead}} {
		l := welcomed(t, func(w *codec.Welcome) { w.DeadAfter = c.said })
		if l.dead != c.want {
			t.Errorf("%v became %v, want %v", c.said, l.dead, c.want)
		}
	}
}
