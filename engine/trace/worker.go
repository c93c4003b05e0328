package trace

// A worker is one connection of a worker, as the trace shows it.
type worker struct {
	held  []stretch // sent and not answered, ascending
	lanes []int64   // when each row was last in use
	slots int
	clock Clock
}

// lane finds a row for a job that ran from start to end, and moves that where all are
// in use: a clock may be off by more than a job took. Of several that are free it is the one that was in use last,
// which makes do with as few as can be as long as jobs come by their end.
func (w *worker) lane(start, end int64) (row int, begun, ended int64) {
	best, oldest := -1, 0
	for i, until := range w.lanes {
		if until <= start && (best < 0 || until > w.lanes[best]) {
			best = i
		}
		if until < w.lanes[oldest] {
			oldest = i
		}
	}
	switch {
	case best >= 0:
	case len(w.lanes) < w.slots:
		best = len(w.lanes)
		w.lanes = append(w.lanes, 0)
	default:
		best = oldest
		start = w.lanes[oldest]
		end = max(start, end)
	}
	w.lanes[best] = end
	return best + 1, start, end
}
