package split

import "bytes"

// Past is what earlier runs with the same journal have done about jobs.
type Past uint8

const (
	New    Past = iota // they are to be run
	Done               // their results are written; the records are not kept
	Failed             // they have failed for good
)

// keepMost bounds the jobs that are kept back. Jobs that a crash left undone are
// fewer; those that are to be tried again need not be.
const keepMost = 64 << 20

// keeping is what is kept back until the input has been found to be that of the
// earlier runs: nothing is run for another.
type keeping struct {
	items []Item
	bytes int
	over  bool
}

// sort passes on the jobs of an item by what their past is.
func (f *filler) sort(it Item) bool {
	for it.Range.Count > 0 {
		part := it
		past, n := f.past(it.Range.Seq, it.Range.Count)
		if it.Range.Data != nil {
			part.Range = it.Range.Split(f.Delim, n)
		} else {
			it.Range.Count = 0
		}
		part.Past = past
		if past != New {
			part.TooLong = 0
		}
		if past == Done {
			part.Range.Block.Release(n)
			part.Range.Data, part.Range.Block = nil, nil
		}
		if !f.pace(part) {
			return false
		}
	}
	return true
}

// past returns what the past of a job is, and how many of those from it on have
// the same.
func (f *filler) past(seq uint64, count int) (p Past, n int) {
	done, until := f.Journal.Past(seq)
	if done {
		failed, to := f.Journal.FailedBefore(seq)
		until = min(until, to)
		if p = Done; failed {
			p = Failed
		}
	}
	return p, int(min(until-seq, uint64(count)))
}

// pace passes an item on, or keeps it back.
func (f *filler) pace(it Item) bool {
	if f.kept.over || f.Journal.Same() || f.kept.bytes > keepMost {
		return f.letGo() && f.deliver(it)
	}
	if n := len(f.kept.items); it.Past == Done && n > 0 && f.kept.items[n-1].Past == Done {
		f.kept.items[n-1].Range.Count += it.Range.Count
		return true
	}
	// The memory it was read into is needed for what comes.
	r := &it.Range
	r.Block.Release(r.Count)
	r.Data, r.Block = bytes.Clone(r.Data), nil
	f.kept.items = append(f.kept.items, it)
	f.kept.bytes += len(r.Data)
	return true
}

// letGo passes on what was kept back.
func (f *filler) letGo() bool {
	for _, it := range f.kept.items {
		if !f.deliver(it) {
			return false
		}
	}
	f.kept = keeping{over: true}
	return true
}
