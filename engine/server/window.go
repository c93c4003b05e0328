package server

// How many bytes of results a worker may have under way.
const (
	leastWindow = 4 << 10
	mostWindow  = 4 << 20
	firstWindow = 128 << 10 // two frames, one of which is being made
	firstShare  = 4         // of its share, a worker is granted this part: those before it have had more
)

// enlarge changes a worker's window, be it to nothing. Where the least that each
// has is more than there is for all, the rest is taken from the memory for results.
func (s *Server) enlarge(p *peer, by int) {
	p.window += by
	s.windows += int64(by)
	s.Stage.Reserve(max(0, s.windows-s.Window))
}

// share is the fair share of one worker: however many there are, what all of
// them have under way stays in proportion to the memory for it.
func (s *Server) share() int {
	return int(min(max(s.Window/int64(len(s.peers)+8), leastWindow), mostWindow))
}

// resize moves a worker's window towards its share, when it is paid credit. It
// grows to twice its size at most while it is used once, so that thousands of
// workers that say little hold little; it shrinks by credit that is not paid.
func (s *Server) resize(p *peer) {
	if p.closed {
		return
	}
	size := max(s.share(), p.begun)
	if p.preferred != 0 {
		size += preferCredit
	}
	change := min(size-p.window, p.owed)
	change = max(change, -p.owed)
	s.enlarge(p, change)
	p.owed += change
}
