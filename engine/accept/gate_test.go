package accept

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

func ip(s string) netip.Prefix { return sourceOf(netip.MustParseAddr(s)) }

// nth is the nth of many sources.
func nth(i int) netip.Prefix {
	return sourceOf(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
}

const (
	last  = 0.999999 // of those who could go
	first = 0.0
)

// enter has a stranger asked for its opening as soon as it is in.
func enter(g *gate, now time.Duration, from netip.Prefix, dice float64) (t, out *ticket, ok bool) {
	if t, out, ok = g.enter(now, from, dice); ok {
		t.reach(now, asked)
	}
	return t, out, ok
}

func TestSource(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"127.0.0.1", "127.0.0.1/32"},
		{"::1", "::1/128"},
	}
	for _, test := range tests {
		if got := ip(test.addr).String(); got != test.want {
			t.Errorf("%s is counted under %s, want %s", test.addr, got, test.want)
		}
	}
	if sourceOf(netip.Addr{}) != (netip.Prefix{}) {
		t.Error("no address has a source")
	}
}

func TestPlaces(t *testing.T) {
	t.Run("of one source", func(t *testing.T) {
		for _, addr := range []string{"192.0.2.1", "127.0.0.1", "2001:db8::1"} {
			var g gate
			var inside []*ticket
			for i := range maxPerSource {
				k, out, ok := enter(&g, 0, ip(addr), first)
				if !ok || out != nil {
					t.Fatalf("%s: stranger %d is refused, or takes the place of another", addr, i+1)
				}
				inside = append(inside, k)
			}
			if _, _, ok := enter(&g, fairTime-1, ip(addr), last); ok {
				t.Errorf("%s: more than %d are in at once", addr, maxPerSource)
			}
			if _, out, ok := enter(&g, 0, ip("192.0.2.2"), first); !ok || out != nil {
				t.Errorf("%s keeps another source out", addr)
			}
			g.leave(0, inside[0], false)
			if _, out, ok := enter(&g, 0, ip(addr), first); !ok || out != nil {
				t.Errorf("%s: a free place is not given away", addr)
			}
			if _, out, ok := enter(&g, fairTime, ip(addr), first); !ok || out == nil || out.from != ip(addr) {
				t.Errorf("%s: one who had time enough keeps the place", addr)
			}
			if n := g.sources[ip(addr)].open; n != maxPerSource {
				t.Errorf("%s: %d are inside, want %d", addr, n, maxPerSource)
			}
		}
	})
	t.Run("a /64 is one source", func(t *testing.T) {
		var g gate
		for i := range maxPerSource {
			enter(&g, 0, sourceOf(netip.AddrFrom16([16]byte{0x20, 1, 13: byte(i)})), first)
		}
		if _, _, ok := enter(&g, 0, ip("2001::ffff"), last); ok {
			t.Error("addresses of one /64 are counted apart")
		}
	})
	t.Run("in all", func(t *testing.T) {
		var g gate
		for i := range maxStrangers {
			if _, _, ok := enter(&g, 0, nth(i), last); !ok {
				t.Fatalf("stranger %d is refused", i+1)
			}
		}
		if _, _, ok := enter(&g, fairTime-1, nth(maxStrangers), last); ok {
			t.Errorf("more than %d are in at once", maxStrangers)
		}
		if _, out, ok := enter(&g, fairTime, nth(maxStrangers), last); !ok || out == nil {
			t.Error("those who had time enough keep their places")
		}
		if len(g.inside) != maxStrangers {
			t.Errorf("%d are inside, want %d", len(g.inside), maxStrangers)
		}
	})
}

// However many come from a few sources, one from elsewhere gets in at once, and
// stays inside.
func TestFloodDrivesNobodyOut(t *testing.T) {
	var g gate
	dice := rand.New(rand.NewPCG(1, 2))
	var now time.Duration
	flood := func(n int) {
		for i := range n {
			enter(&g, now, nth(i%20), dice.Float64())
			now += time.Microsecond
		}
	}
	flood(20_000)
	if len(g.inside) != maxStrangers {
		t.Fatalf("%d are inside, want %d", len(g.inside), maxStrangers)
	}
	k, out, ok := enter(&g, now, ip("192.0.2.1"), dice.Float64())
	if !ok || out == nil || out.from == k.from {
		t.Fatalf("entered is %v, in the place of %+v", ok, out)
	}
	flood(100_000)
	if k.lost {
		t.Error("the flood took its place")
	}
	g.leave(0, out, true)
	if len(g.inside) != maxStrangers {
		t.Error("one who had lost the place freed another's")
	}
}

// However many come, nobody loses the place while it is our turn, nor soon who was
// greeted: in a crowd whose places are always taken by others none would get in.
func TestCrowdGetsThrough(t *testing.T) {
	var g gate
	dice := rand.New(rand.NewPCG(1, 2))
	kept := map[stage][]*ticket{}
	for i := range maxStrangers {
		k, _, ok := g.enter(0, nth(i%7), dice.Float64())
		if !ok {
			continue // of one source there are not so many
		}
		at := stage(i % 3)
		k.reach(0, at)
		kept[at] = append(kept[at], k)
	}
	for now := time.Duration(0); now < longTime; now += longTime / 10_000 {
		enter(&g, now, nth(int(now)), dice.Float64())
	}
	for i := range kept[greeted] {
		if kept[unasked][i].lost || kept[greeted][i].lost {
			t.Fatal("one that did not keep us waiting has lost its place")
		}
		if !kept[asked][i].lost {
			t.Fatalf("one that kept us waiting for %v has its place", longTime)
		}
	}
	for i := range 100 {
		enter(&g, longTime+time.Duration(1+i), nth(100_000+i), first)
	}
	if !kept[greeted][0].lost {
		t.Errorf("one that was greeted keeps its place for longer than %v", longTime)
	}
}

// fail makes one failed try.
func fail(t *testing.T, g *gate, now time.Duration, from netip.Prefix) {
	t.Helper()
	k, _, ok := enter(g, now, from, last)
	if !ok {
		t.Fatalf("%v is refused at %v", from, now)
	}
	g.leave(now, k, true)
}

func TestPenaltyDoubles(t *testing.T) {
	var g gate
	from := ip("192.0.2.1")
	now := time.Second
	for i, want := range []time.Duration{5, 10, 20, 40, 80, 160, 320, 600, 600, 600} {
		fail(t, &g, now, from)
		if got := g.sources[from].until - now; got != want*time.Second {
			t.Errorf("penalty %d is %v, want %v", i+1, got, want*time.Second)
		}
		now += time.Second
	}
	now = g.sources[from].until + maxPenalty + 1
	fail(t, &g, now, from)
	if got := g.sources[from].until - now; got != firstPenalty {
		t.Errorf("after a quiet time the penalty is %v, want %v", got, firstPenalty)
	}
}

func TestPenalty(t *testing.T) {
	var g gate
	from := ip("192.0.2.1")
	fail(t, &g, time.Second, from)

	one, _, ok := enter(&g, 2*time.Second, from, last)
	if !ok {
		t.Fatal("a source in penalty is shut out, and a worker with the key in it")
	}
	if _, _, ok := enter(&g, 2*time.Second+fairTime-1, from, last); ok {
		t.Error("a source in penalty has two tries at once")
	}
	if _, _, ok := enter(&g, 2*time.Second, ip("192.0.2.2"), last); !ok {
		t.Error("another source suffers")
	}
	g.leave(3*time.Second, one, false)
	for i := range maxPerSource {
		if _, _, ok := enter(&g, 3*time.Second, from, last); !ok {
			t.Fatalf("after a success, try %d is refused", i+1)
		}
	}
}

func TestPenaltyEnds(t *testing.T) {
	var g gate
	from := ip("192.0.2.1")
	fail(t, &g, 0, from)
	for i := range maxPerSource {
		if _, _, ok := enter(&g, firstPenalty, from, last); !ok {
			t.Fatalf("after the penalty, try %d is refused", i+1)
		}
	}
}

// Sixteen workers that start with the wrong key are one mistake.
func TestTogetherIsOneStrike(t *testing.T) {
	var g gate
	from := ip("192.0.2.1")
	var all []*ticket
	for range maxPerSource {
		k, _, _ := enter(&g, time.Second, from, last)
		all = append(all, k)
	}
	for i, k := range all {
		g.leave(2*time.Second+time.Duration(i), k, true)
	}
	if got := g.sources[from].strikes; got != 1 {
		t.Errorf("%d strikes, want 1", got)
	}
	if len(g.inside) != 0 || g.sources[from].open != 0 {
		t.Errorf("%d and %d are inside, want nobody", len(g.inside), g.sources[from].open)
	}
}

func TestLoopbackHasNoPenalty(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "127.9.9.9", "::1"} {
		var g gate
		for range 20 {
			fail(t, &g, 0, ip(addr))
		}
		if s := g.sources[ip(addr)]; s.strikes != 0 || s.until != 0 {
			t.Errorf("%s got %d strikes", addr, s.strikes)
		}
	}
}

// However many sources misbehave, most places are for others.
func TestSuspectsHaveFewPlaces(t *testing.T) {
	var g gate
	for i := range 200 {
		fail(t, &g, 0, nth(i))
	}
	var inside []*ticket
	for i := range 200 {
		if k, _, ok := enter(&g, time.Second, nth(i), last); ok {
			inside = append(inside, k)
		}
	}
	if len(inside) != maxSuspects {
		t.Fatalf("%d suspects are inside, want %d", len(inside), maxSuspects)
	}
	if _, _, ok := enter(&g, time.Second, nth(999), first); !ok {
		t.Error("a source that did nothing is refused")
	}
	g.leave(time.Second, inside[0], true)
	if _, _, ok := enter(&g, time.Second, nth(199), last); !ok {
		t.Error("the place of a suspect is not given to the next")
	}
}

func TestTableIsBounded(t *testing.T) {
	var g gate
	stay, _, _ := enter(&g, 0, ip("192.0.2.1"), last)
	for i := range maxSources + 5000 {
		fail(t, &g, time.Duration(i), nth(i))
		g.say(time.Duration(i), nth(i))
	}
	if len(g.sources) > maxSources {
		t.Errorf("%d sources are remembered, want %d at most", len(g.sources), maxSources)
	}
	if s := g.sources[ip("192.0.2.1")]; s == nil || s.open != 1 {
		t.Error("a source with somebody inside was forgotten")
	}
	g.leave(0, stay, false)
	if len(g.inside) != 0 {
		t.Errorf("%d are inside, want nobody", len(g.inside))
	}
}

// A worker that comes and goes leaves nothing behind.
func TestSuccessIsForgotten(t *testing.T) {
	var g gate
	for i := range 1000 {
		k, _, _ := enter(&g, 0, nth(i), first)
		g.leave(0, k, false)
	}
	if len(g.sources) != 0 {
		t.Errorf("%d sources are remembered", len(g.sources))
	}
}

func TestSay(t *testing.T) {
	var g gate
	a, b := nth(1), nth(2)
	tests := []struct {
		now    time.Duration
		from   netip.Prefix
		untold int
		ok     bool
	}{
		{0, a, 0, true},
		{1, a, 0, false},
		{2, b, 0, true},
		{lineEvery - 1, a, 0, false},
		{lineEvery, a, 2, true},
		{lineEvery + 1, a, 0, false},
		{lineEvery + 2, b, 0, true},
	}
	for i, test := range tests {
		if untold, ok := g.say(test.now, test.from); ok != test.ok || untold != test.untold {
			t.Errorf("line %d: %d untold and %v, want %d and %v", i, untold, ok, test.untold, test.ok)
		}
	}
	lines := 0
	for i := range 1000 {
		if _, ok := g.say(3*lineEvery, nth(100+i)); ok {
			lines++
		}
	}
	if lines != maxLines {
		t.Errorf("%d lines in a minute, want %d", lines, maxLines)
	}
}
