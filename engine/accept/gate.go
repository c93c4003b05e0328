package accept

import (
	"net/netip"
	"time"
)

// What strangers may cost, in all and each source. A source is an IPv4 address
// or an IPv6 /64: what one machine can easily call its own.
const (
	maxStrangers = 100 // at once
	crowd        = 50  // from here on some are turned away at random, so that a flood cannot shut everybody out
	crowdDrop    = 0.3 // chance of that at crowd; it grows to 1 at maxStrangers
	maxPerSource = 16  // at once
	maxSuspects  = 20  // at once, of all sources in penalty together

	firstPenalty = 5 * time.Second
	maxPenalty   = 10 * time.Minute
	maxSources   = 1 << 16 // remembered

	lineEvery = time.Minute // at most one line in the log about a source
	maxLines  = 60          // about all of them, in that time
)

// gate decides who may try to come in. It owns no clock and no dice: the time,
// since any fixed moment, and a number in [0, 1) are given to it.
//
// A source that failed is in penalty: 5 s, doubled each time, 10 min at most.
// That does not shut it out, for behind it may be a worker that has the key: it
// may try once at a time, and all such sources together have a fifth of the
// places. A success clears it.
type gate struct {
	sources  map[netip.Prefix]*source
	open     int // strangers inside
	suspects int // of those, the ones from sources in penalty

	lines  int // written since minute
	minute time.Duration
}

// source is what is remembered of one. Loopback never gets strikes: whoever is
// on this machine has better ways to bother it, and tests and tunnels live there.
type source struct {
	open    int // strangers inside
	strikes int // failed tries, those that came in together counted once
	since   time.Duration
	until   time.Duration // of the penalty

	told   bool
	last   time.Duration // line in the log
	untold int           // refusals since, without a line
}

// ticket stands for one stranger inside.
type ticket struct {
	from    netip.Prefix
	came    time.Duration
	suspect bool
}

// sourceOf is what an address is counted under.
func sourceOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() && !addr.IsLoopback() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // the zero prefix for the zero address
	return p
}

// enter lets a stranger in, or not. Each ticket goes back through leave.
func (g *gate) enter(now time.Duration, from netip.Prefix, dice float64) (ticket, bool) {
	s := g.source(from)
	suspect := now < s.until
	switch {
	case g.open >= maxStrangers, s.open >= maxPerSource:
		return ticket{}, false
	case suspect && (s.open > 0 || g.suspects >= maxSuspects):
		return ticket{}, false
	case g.open >= crowd && dice < crowdDrop+(1-crowdDrop)*float64(g.open-crowd)/(maxStrangers-crowd):
		return ticket{}, false
	}
	g.open++
	s.open++
	if suspect {
		g.suspects++
	}
	return ticket{from: from, came: now, suspect: suspect}, true
}

// leave takes a ticket back. The try failed unless the stranger proved that it
// has the key.
func (g *gate) leave(now time.Duration, t ticket, failed bool) {
	s := g.sources[t.from] // is there: a source with strangers inside is not forgotten
	g.open--
	s.open--
	if t.suspect {
		g.suspects--
	}
	switch {
	case !failed:
		s.strikes, s.until = 0, 0
		if s.open == 0 && !s.told {
			delete(g.sources, t.from)
		}
	case t.from.Addr().IsLoopback():
	default:
		g.strike(now, s, t)
	}
}

// strike begins a penalty, longer than the one before if that was recent.
func (g *gate) strike(now time.Duration, s *source, t ticket) {
	if s.strikes > 0 && now > s.until+maxPenalty {
		s.strikes = 0
	}
	if s.strikes > 0 && t.came <= s.since {
		return // came before the penalty began: one with those that caused it
	}
	penalty := maxPenalty
	if s.strikes < 7 {
		penalty = min(firstPenalty<<s.strikes, maxPenalty)
	}
	s.strikes++
	s.since, s.until = now, now+penalty
}

// say tells whether a line may be written about a refusal, and how many
// refusals of that source have gone without one since its last.
func (g *gate) say(now time.Duration, from netip.Prefix) (untold int, ok bool) {
	if now-g.minute >= lineEvery {
		g.minute, g.lines = now, 0
	}
	s := g.source(from)
	if g.lines >= maxLines || s.told && now-s.last < lineEvery {
		s.untold++
		return 0, false
	}
	g.lines++
	untold, s.untold = s.untold, 0
	s.told, s.last = true, now
	return untold, true
}

// source finds or makes the entry of a source.
func (g *gate) source(from netip.Prefix) *source {
	s := g.sources[from]
	if s == nil {
		if g.sources == nil {
			g.sources = map[netip.Prefix]*source{}
		}
		if len(g.sources) >= maxSources {
			g.forget()
		}
		s = &source{}
		g.sources[from] = s
	}
	return s
}

// forget drops, of a few sources taken at random, the one that is soonest free
// of penalty. At most maxStrangers have somebody inside, so there always is one.
func (g *gate) forget() {
	const sample = 8
	var victim netip.Prefix
	least, seen := time.Duration(0), 0
	for from, s := range g.sources { // begins at a random place
		if s.open > 0 {
			continue
		}
		if seen == 0 || s.until < least {
			victim, least = from, s.until
		}
		if seen++; seen == sample {
			break
		}
	}
	delete(g.sources, victim)
}
