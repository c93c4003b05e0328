package watch

import (
	"math"
	"time"

	"github.com/jobpipe/jobpipe/engine/live"
)

// A moment is what a page shows of a run, as it gets it. Times are in seconds. It
// has a bound, however large the run is, and its texts are those of strangers.
type moment struct {
	Began   int64   `json:"began"` // in milliseconds since 1970
	At      float64 `json:"at"`    // since then
	State   string  `json:"state"`
	Why     string  `json:"why"`
	Read    int64   `json:"read"`
	Ended   bool    `json:"ended"` // there are no more
	Total   int64   `json:"total"` // about so many, while it has not ended; negative: not known
	Done    int64   `json:"done"`
	Failed  int64   `json:"failed"`
	Retried int64   `json:"retried"`
	Waiting int64   `json:"waiting"`
	Queued  int     `json:"queued"`
	Running int     `json:"running"`
	Kept    int     `json:"kept"` // jobs of workers that are away
	Slots   int     `json:"slots"`
	Rate    float64 `json:"rate"` // jobs a second; 0: not known
	Left    float64 `json:"left"` // negative: no telling

	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
	Held     int64 `json:"held"`

	Workers int   `json:"workers"` // connected
	Away    int   `json:"away"`
	Match   int   `json:"match"` // workers that the choice finds
	From    int   `json:"from"`  // of those, passed over before the rows
	Page    int   `json:"page"`  // most rows
	Rows    []row `json:"rows"`
	All     strip `json:"all"`
	Working int   `json:"working"` // percent, of all together in the last seconds

	Slow     []slow    `json:"slow"`
	Failures []failure `json:"failures,omitempty"` // left out when nothing has changed
}

// A row is a worker.
type row struct {
	ID      uint64 `json:"id"`
	Name    string `json:"name"`
	Addr    string `json:"addr"`
	Away    bool   `json:"away"`
	Slots   int    `json:"slots"`
	Running int    `json:"running"`
	Queued  int    `json:"queued"`
	Done    int64  `json:"done"`
	Failed  int64  `json:"failed"`
	Working int    `json:"working"` // percent, of the last seconds
	Strip   strip  `json:"strip"`
}

type slow struct {
	Seq    uint64  `json:"seq"`
	Count  int     `json:"count"`
	Text   string  `json:"text"`
	Worker string  `json:"worker"`
	For    float64 `json:"for"`
}

type failure struct {
	Seq    uint64  `json:"seq"`
	Text   string  `json:"text"`
	Worker string  `json:"worker"`
	Cause  string  `json:"cause"`
	Stderr string  `json:"stderr"`
	At     float64 `json:"at"` // since the run began
}

// A strip is the last minute of a lane: for each second, the oldest first, five
// percentages in the order of activities. All are 0 where there were no slots. It is
// nil when it is not known.
type strip []int

func stripOf(shares []live.Shares) (s strip) {
	for _, share := range shares {
		for _, part := range each(share) {
			s = append(s, percent(part))
		}
	}
	return s
}

func percent(share float32) int { return int(math.Round(float64(share) * 100)) }

// momentOf words what was seen for a page that shows some of the workers.
func momentOf(s *sight, c choice) *moment {
	m := &moment{
		Began: s.Began.UnixMilli(), At: s.At.Seconds(), State: string(s.State), Why: s.Why,
		Read: s.Read, Ended: s.Ended, Total: s.total, Done: s.Done, Failed: s.Failed, Retried: s.Retried,
		Waiting: s.Waiting, Queued: s.queued, Running: s.running, Kept: s.kept, Slots: s.Slots,
		Rate: s.rate, Left: -1, Received: s.Received, Sent: s.Sent, Held: s.Held,
		Workers: len(s.Workers) - s.away, Away: s.away, Page: mostRows, All: stripOf(s.Strip),
		Working: percent(s.all[0]),
	}
	if s.left >= 0 {
		m.Left = s.left.Seconds()
	}
	workers, match, from := c.of(s.Workers)
	m.Match, m.From = match, from
	m.Rows = make([]row, 0, len(workers))
	for _, w := range workers {
		m.Rows = append(m.Rows, row{
			ID: w.ID, Name: w.Name, Addr: w.Addr, Away: w.Away, Slots: w.Slots, Running: w.Running, Queued: w.Queued,
			Done: w.Done, Failed: w.Failed, Working: percent(w.Working),
		})
	}
	m.Slow = make([]slow, 0, len(s.Slow))
	for _, j := range s.Slow {
		m.Slow = append(m.Slow, slow{Seq: j.Seq, Count: j.Count, Text: j.Text, Worker: j.Worker, For: j.For.Seconds()})
	}
	return m
}

// ids are those of the workers that are shown.
func (m *moment) ids() []uint64 {
	ids := make([]uint64, 0, len(m.Rows))
	for i := range m.Rows {
		ids = append(ids, m.Rows[i].ID)
	}
	return ids
}

// draw adds what the workers did.
func (m *moment) draw(strips map[uint64][]live.Shares) {
	for i := range m.Rows {
		m.Rows[i].Strip = stripOf(strips[m.Rows[i].ID])
	}
}

func failuresOf(s *sight) []failure {
	all := make([]failure, 0, len(s.Failures))
	for _, f := range s.Failures {
		all = append(all, failure{
			Seq: f.Seq, Text: f.Text, Worker: f.Worker, Cause: f.Cause, Stderr: f.Stderr, At: f.At.Round(time.Millisecond).Seconds(),
		})
	}
	return all
}
