package accept

import (
	"net/netip"
	"slices"
	"time"
)

// What strangers may cost, in all and each source. A source is an IPv4 address
// or an IPv6 /64: what one machine can easily call its own.
const (
	maxStrangers = 100                    // at once
	maxPerSource = 16                     // at once
	shortTime    = 10 * time.Millisecond  // a worker has begun to speak by then, nearby
	fairTime     = 100 * time.Millisecond // on most links
	longTime     = time.Second            // where its machine is busy, too
	maxSuspects  = 20                     // at once, of all sources in penalty together

	firstPenalty = 5 * time.Second
	maxPenalty   = 10 * time.Minute
	maxSources   = 1 << 16 // remembered

	lineEvery = time.Minute // at most one line in the log about a source
	maxLines  = 60          // about all of them, in that time
)

// gate decides who may try to come in. It owns no clock and no dice: the time,
// since any fixed moment, and a number in [0, 1) are given to it.
//
// Where there is no place left, somebody loses his, so that a flood shuts nobody
// out. That is one of the source that has the most inside, if it has more than
// the newcomer's; else one that has had time enough. A worker from elsewhere
// thus gets in at once, and one from where the flood comes, or in a flood from
// everywhere, has a chance that it may renew.
//
// Only who keeps us waiting loses a place: nobody for whom we have not found the
// time yet, and not soon who has shown the key in the opening. So ten thousand
// workers that come together do not drive each other out: however busy we are,
// those who are inside get through, and the others are told to come again.
//
// A source that failed is in penalty: 5 s, doubled each time, 10 min at most. It
// then has one place, and all such sources together have a fifth of the places:
// behind it may be a worker that has the key. A success clears it.
type gate struct {
	sources  map[netip.Prefix]*source
	inside   []*ticket
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
	stage   stage
	since   time.Duration // it is at that stage
	suspect bool
	lost    bool // its place went to another
}

// stage is how far a stranger has come.
type stage int

const (
	unasked stage = iota // it is our turn
	asked                // for its opening
	greeted              // that was one of a worker that may come in; its hello is waited for
)

// reach notes that the stranger has come so far.
func (t *ticket) reach(now time.Duration, at stage) { t.stage, t.since = at, now }

// lateBy reports whether the stranger has kept us waiting for longer than patient,
// or than is granted to who has been greeted.
func (t *ticket) lateBy(now, patient time.Duration) bool {
	switch t.stage {
	case unasked:
		return false
	case greeted:
		patient = longTime
	}
	return now-t.since >= patient
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

// enter lets a stranger in, or not. It may get the place of another, who has to
// go. Each ticket goes back through leave, also that of who lost the place.
func (g *gate) enter(now time.Duration, from netip.Prefix, dice float64) (t, out *ticket, ok bool) {
	s := g.source(from)
	t = &ticket{from: from, came: now, suspect: now < s.until}
	late := func(o *ticket) bool { return o.lateBy(now, fairTime) }
	full := true
	switch most := g.most(); {
	case t.suspect && s.open > 0, s.open >= maxPerSource:
		out = g.pick(dice, func(o *ticket) bool { return o.from == from && late(o) })
	case t.suspect && g.suspects >= maxSuspects:
		out = g.pick(dice, func(o *ticket) bool { return o.suspect && late(o) })
	case len(g.inside) >= maxStrangers:
		if s.open+1 < most {
			out = g.pick(dice, func(o *ticket) bool { return g.sources[o.from].open == most && o.lateBy(now, shortTime) })
		}
		if out == nil {
			out = g.pick(dice, late)
		}
	default:
		full = false
	}
	if full && out == nil {
		return nil, nil, false
	}
	if out != nil {
		g.free(out)
		out.lost = true
	}
	g.inside = append(g.inside, t)
	s.open++
	if t.suspect {
		g.suspects++
	}
	return t, out, true
}

// most is how many strangers are inside of the source that has the most there.
func (g *gate) most() (n int) {
	if len(g.inside) >= maxStrangers {
		for _, t := range g.inside {
			n = max(n, g.sources[t.from].open)
		}
	}
	return n
}

// pick chooses one of those inside for whom may says so.
func (g *gate) pick(dice float64, may func(*ticket) bool) *ticket {
	n := 0
	for _, o := range g.inside {
		if may(o) {
			n++
		}
	}
	n = int(dice * float64(n))
	for _, o := range g.inside {
		if may(o) {
			if n == 0 {
				return o
			}
			n--
		}
	}
	return nil
}

// free takes the place of a ticket back.
func (g *gate) free(t *ticket) {
	at := slices.Index(g.inside, t)
	g.inside[at] = g.inside[len(g.inside)-1]
	g.inside[len(g.inside)-1] = nil
	g.inside = g.inside[:len(g.inside)-1]
	g.sources[t.from].open-- // is there: a source with strangers inside is not forgotten
	if t.suspect {
		g.suspects--
	}
}

// leave takes a ticket back. The try failed unless the stranger proved that it
// has the key; whoever lost the place had no time to.
func (g *gate) leave(now time.Duration, t *ticket, failed bool) {
	if t.lost {
		return
	}
	g.free(t)
	s := g.sources[t.from]
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
func (g *gate) strike(now time.Duration, s *source, t *ticket) {
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
