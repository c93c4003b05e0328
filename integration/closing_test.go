package integration

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What held a run back most is told at its end, and right. Each of these runs has
// one thing that is slower than all others, by far.
func TestWhatHeldTheRunBack(t *testing.T) {
	for _, test := range []struct {
		name, want string
		run        func(t *testing.T, p *place) *process
	}{
		{"slow input", "input", func(t *testing.T, p *place) *process {
			c := p.start("c", "jobpipe -v -j 8 -- cat <-")
			for n := range 12 {
				if _, err := fmt.Fprintln(c.feed, n); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			_ = c.feed.Close()
			return c
		}},
		{"slow workers", "workers", func(t *testing.T, p *place) *process {
			p.write("jobs", strings.Repeat("x\n", 16))
			c := p.start("c", "jobpipe -v -l 127.0.0.1:0 --listen-file addr <jobs")
			p.start("w", "jobpipe-worker -c "+p.address("addr")+" -j 2 -- sleep 0.2")
			return c
		}},
		{"no workers", "workers (none was there", func(t *testing.T, p *place) *process {
			p.write("jobs", "x\n")
			c := p.start("c", "jobpipe -v -l 127.0.0.1:0 --listen-file addr <jobs")
			addr := p.address("addr")
			time.Sleep(1500 * time.Millisecond)
			p.start("w", "jobpipe-worker -c "+addr+" -- cat")
			return c
		}},
		{"slow reader of stdout", "stdout", func(t *testing.T, p *place) *process {
			p.write("jobs", strings.Repeat(strings.Repeat("x", 64<<10)+"\n", 150))
			c := p.start("c", "jobpipe -v -j 2 --lines -- cat <jobs >-")
			for range 20 {
				if err := c.take(io.Discard, 400<<10); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if err := c.take(io.Discard, -1); err != nil {
				t.Fatal(err)
			}
			return c
		}},
		{"slow network, large jobs", "network", func(t *testing.T, p *place) *process {
			return overSlowLink(t, p, strings.Repeat("x", 10_000), "wc -c")
		}},
		{"slow network, large results", "network", func(t *testing.T, p *place) *process {
			return overSlowLink(t, p, "10000", "head /dev/zero -c {}")
		}},
		{"--rate", "--rate", func(t *testing.T, p *place) *process {
			p.write("jobs", strings.Repeat("x\n", 10))
			return p.start("c", "jobpipe -v -j 4 --rate 5/s -- cat <jobs")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			c := test.run(t, p)
			for _, one := range p.processes {
				p.finish(one, 0)
			}
			got := regexp.MustCompile(`held back most by (.*), \d+ % of the time.*`).FindStringSubmatch(c.stderr())
			if got == nil || !strings.HasPrefix(got[1], test.want) {
				t.Errorf("want %s; it says:\n%s", test.want, c.stderr())
			} else {
				t.Log(got[0])
			}
		})
	}
}

// overSlowLink starts a run of 20 jobs with a worker behind a link that carries
// 100 kB in a second.
func overSlowLink(t *testing.T, p *place, job, command string) *process {
	p.write("jobs", strings.Repeat(job+"\n", 20))
	c := p.start("c", "jobpipe -v --compress none -l 127.0.0.1:0 --listen-file addr <jobs")
	w := newWeather()
	w.change(func(s *sky) { s.rate = 100_000 })
	proxy := newProxy(t, p.address("addr"), w.spoil)
	p.start("w", "jobpipe-worker --compress none -c "+proxy.l.Addr().String()+" -j 2 -- "+command)
	return c
}
