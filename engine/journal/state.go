package journal

import (
	"encoding/binary"

	"github.com/jobpipe/jobpipe/engine/render"
)

// Settings are what has to be the same when a run goes on: with others, its
// results would not fit those that are there.
type Settings struct {
	Delim     byte
	KeepOrder bool
	Lines     bool
	Format    render.Format
	Command   []string // of this machine; none: only others work
}

// A State is what is known at some moment of a run.
type State struct {
	Settings
	Run  [16]byte // JOBPIPE_RUN
	PID  int      // of the process that wrote the header
	Boot string   // of the system under it: after another, what was not on disk may be gone

	Path    string // of the results, for messages
	Inode   uint64 // of their file; 0: it is no regular file, and nothing is known of what it holds
	Base    int64  // where in it they begin
	End     int64  // where those of Done end
	Sum     uint32 // of what is between
	Synced  int64  // up to here all is on disk
	Closed  bool   // nothing was written behind End
	Done    Set    // failed jobs too
	Failed  Set
	Points  []Point // of the input
	Tip     Point   // how far it was read
	covered int     // bytes of the journal that this is the sum of
}

// Regular reports whether the results are in a file that can be read back.
func (s *State) Regular() bool { return s.Inode != 0 }

// Expect returns the points at which the input has to be what it was: up to the
// last job that is done. What is behind it may have changed.
func (s *State) Expect() []Point {
	last := s.Done.Last()
	if last == 0 {
		return nil
	}
	all := s.Points
	if n := len(all); n == 0 || all[n-1].Offset < s.Tip.Offset {
		all = append(all[:n:n], s.Tip)
	}
	for i, p := range all {
		if p.Records >= last {
			return all[: i+1 : i+1]
		}
	}
	return all
}

// Retry has the failed jobs run again.
func (s *State) Retry() {
	for _, x := range s.Failed.Spans() {
		s.Done.Take(nil, x)
	}
	s.Failed = Set{}
}

// results is what an R says.
func (s *State) results(r *Results) {
	for _, x := range r.Done {
		s.Done.Add(x)
	}
	for _, x := range r.Failed {
		s.Failed.Add(x)
	}
	s.End, s.Sum, s.Closed = r.End, r.Sum, false
	s.Points = append(s.Points, r.Points...)
	s.Tip = r.Tip
}

// body is the header that holds this state.
func (s *State) body() []byte {
	dst := append([]byte{kindHeader}, s.Run[:]...)
	dst = append(dst, s.Delim, oneIf(s.KeepOrder), oneIf(s.Lines)|byte(s.Format)<<1)
	dst = binary.AppendUvarint(dst, uint64(s.PID))
	dst = binary.AppendUvarint(dst, uint64(len(s.Command)))
	for _, arg := range append(s.Command[:len(s.Command):len(s.Command)], s.Path, s.Boot) {
		dst = binary.AppendUvarint(dst, uint64(len(arg)))
		dst = append(dst, arg...)
	}
	dst = binary.AppendUvarint(dst, s.Inode)
	dst = binary.AppendUvarint(dst, uint64(s.Base))
	dst = binary.AppendUvarint(dst, uint64(s.End))
	dst = binary.LittleEndian.AppendUint32(dst, s.Sum)
	dst = appendSpans(dst, s.Done.spans)
	dst = appendSpans(dst, s.Failed.spans)
	return appendPoints(dst, s.Points, s.Tip)
}

func oneIf(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func parseHeader(b []byte) (s State, err error) {
	c := cursor{rest: b}
	if c.byte() != kindHeader {
		return s, errBody
	}
	copy(s.Run[:], c.take(len(s.Run)))
	s.Delim, s.KeepOrder = c.byte(), c.byte() == 1
	how := c.byte()
	s.Lines, s.Format = how&1 == 1, render.Format(how>>1)
	s.PID = int(c.int())
	for range c.count(1) {
		s.Command = append(s.Command, c.text())
	}
	s.Path, s.Boot = c.text(), c.text()
	s.Inode = c.uint()
	s.Base = c.int()
	s.End = c.int()
	s.Sum = c.sum()
	for _, x := range c.spans() {
		s.Done.Add(x)
	}
	for _, x := range c.spans() {
		s.Failed.Add(x)
	}
	s.Points, s.Tip = c.points()
	s.Synced = s.End
	if s.Base > s.End {
		return s, errBody
	}
	return s, c.end()
}
