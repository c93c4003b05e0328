package progress

import "time"

// Figures is what Counts, seen again and again, tell of a run.
type Figures struct {
	Total int64         // jobs of the whole input; -1: not known yet
	Rate  float64       // jobs done in a second, lately; 0: not known yet
	Left  time.Duration // until the end; -1: there is no telling
}

// A Meter works out Figures. One goroutine may use it.
type Meter struct {
	total func() int64
	pace  pace
}

// NewMeter is of a run that begins now. total gives the number of jobs in the
// input, or -1 while that is not known.
func NewMeter(now time.Time, total func() int64) *Meter {
	m := &Meter{total: total}
	m.pace.observe(now, 0, 0)
	return m
}

// Look takes note of c.
func (m *Meter) Look(now time.Time, c Counts) Figures {
	m.pace.observe(now, c.Done, c.Running)
	f := Figures{Total: known(m.total(), c), Left: -1}
	took := m.pace.Value()
	if took > 0 {
		f.Rate = float64(time.Second) / took
	}
	if left := float64(f.Total-c.Done) * took; f.Total >= 0 && took > 0 && left < float64(mostTold) {
		f.Left = time.Duration(max(left, 0))
	}
	return f
}

// known is the number of jobs in the input, counted as total or read by now.
func known(total int64, c Counts) int64 {
	switch {
	case c.Ended:
		return c.Read
	case total >= 0:
		return max(total, c.Read) // the file has grown meanwhile
	}
	return unknown
}
