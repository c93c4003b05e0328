package worker

import "github.com/jobpipe/jobpipe/codec"

// encodeAnswers makes frames of answers, as few as they fit.
func (w *writer) encodeAnswers(list []*answer) {
	for len(list) > 0 {
		a := list[0]
		switch a.kind {
		case wholeLines:
			list = list[w.lines(list):]
			continue
		case stdoutPart, stderrPart:
			w.part(codec.ResultPart{Seq: a.seq, Attempt: a.result.Attempt, Stream: uint8(a.kind), Data: a.data})
		case lastOfJob:
			a.result.Stdout = a.data
			w.result(*a.result)
		}
		list = list[1:]
	}
	w.flush()
}

// lines makes one frame of the answers that list begins with, as many as are
// of jobs one after another and fit. It returns how many those are.
func (w *writer) lines(list []*answer) int {
	const integers = 40
	w.flush()
	w.payload = append(w.payload[:0], nil)
	first := list[0]
	n, count, size := 0, uint64(0), 0
	from, to := first.from, first.to
	for n < len(list) {
		a := list[n]
		if a.kind != wholeLines || a.seq != first.seq+count || size+len(a.data) > codec.MaxPayload-integers {
			break
		}
		w.payload = append(w.payload, a.data)
		count += a.count
		size += len(a.data)
		if a.from.Before(from) { // slots take turns
			from = a.from
		}
		if a.to.After(to) {
			to = a.to
		}
		n++
	}
	start, took := wireTimes(from, to.Sub(from))
	w.head = codec.AppendAnswers(w.head[:0], codec.Answers{Seq: first.seq, Count: count, Start: start, Took: took})
	w.payload[0] = w.head
	w.out.Lend(&w.frames, codec.TypeAnswers, w.payload...)
	return n
}
