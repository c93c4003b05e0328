package command

import (
	"testing"
	"time"
)

// Processes that collect their answers are given so many records that they work for
// about as long as it takes to start one, however long either takes, and not for long
// beyond that: what one of them has, no other can have.
func TestACollectorIsWorthItsStart(t *testing.T) {
	for _, start := range []time.Duration{time.Millisecond, 150 * time.Millisecond, time.Second, time.Minute} {
		for _, record := range []time.Duration{100 * time.Microsecond, 10 * time.Millisecond, time.Second} {
			p := pace{}
			for range 20 {
				n := max(1, p.least)
				p = pace{first: n, least: 2 * n} // it was found to collect them
				worked := time.Duration(n) * record
				p.collected(n, worked, start+worked)
			}
			n := max(1, p.least)
			worked := time.Duration(n) * record
			if worked < min(start, longWork)/2 {
				t.Errorf("start %v, record %v: %d records work for %v only", start, record, n, worked)
			}
			if n > 1 && worked > 4*max(start, longWork) {
				t.Errorf("start %v, record %v: %d records work for %v", start, record, n, worked)
			}
		}
	}
}

func TestCollectorsGetMoreHoweverTheyWait(t *testing.T) {
	for name, argv := range map[string][]string{
		"starts slowly":      {"sh", "-c", "sleep 0.5; exec sort -n"},
		"watches a socket":   {"python3", "-c", "import select,socket,sys\na,b=socket.socketpair(); all=''\nwhile 0 in select.select([0,a],[],[])[0] and (line := sys.stdin.readline()): all+=line\nprint(all, end='')"},
		"lacks its last end": {"sh", "-c", "sleep 0.5; printf %s \"$(sort -n)\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const most = 10
			d := newDesk(t, Options{}, argv...)
			given := 0
			for given < 100 {
				depth := d.f.Depth()
				d.give(numbers(given+1, given+depth)...)
				given += depth
				if r := d.run(0); r.Outcome != Exited || r.Code != 0 || given-d.lines > d.runs {
					t.Fatalf("outcome %d status %d after %d answers to %d", r.Outcome, r.Code, d.lines, given)
				}
				if d.runs > most {
					t.Fatalf("%d processes for %d records", d.runs, given)
				}
			}
		})
	}
}

func TestACollectorHasToAnswerInTime(t *testing.T) {
	const timeout = time.Minute
	d := newDesk(t, Options{}, "sort", "-n")
	d.give(numbers(1, 100_000)...)
	f, now := d.begin(timeout), time.Now()
	f.began = now
	given := now
	f.slot.quiet()
	f.feed(now)
	for end := time.Now().Add(patience); f.p.in != none; {
		if time.Now().After(end) || f.p.ending {
			t.Fatalf("%d records are with it, ended %v", d.taken, f.p.ending)
		}
		if f.p.doing() != waiting {
			time.Sleep(time.Millisecond)
			continue
		}
		now = later(now, f.look.due(f.moved))
		f.onTime(now)
		f.feed(now)
		now = given.Add(time.Duration(d.taken) * 100 * time.Millisecond)
	}
	if late := now.Sub(given); late > timeout || d.taken < 10 {
		t.Errorf("its stdin was closed after %v and %d records", late, d.taken)
	}
	for f.p.out != none {
		d.printed()
		f.read(now)
	}
	f.learn(now)
	if n := f.Depth(); d.lines != d.taken || n > 15*d.taken/int(now.Sub(f.began).Seconds()) {
		t.Errorf("after %d answers to %d the next may have %d", d.lines, d.taken, n)
	}
	d.finish()
}
