package server

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
	"github.com/jobpipe/jobpipe/engine/schedule"
)

func TestBudget(t *testing.T) {
	const slots = 4
	rate := idleRate + slotRate*slots
	var b budget
	for i := range rate * idleTime {
		if err := b.spend(0, slots, 1); err != nil {
			t.Fatalf("frame %d is too much: %v", i+1, err)
		}
	}
	if b.spend(0, slots, 1) == nil {
		t.Error("there is no end to it")
	}
	// At the rate that is allowed it may go on for ever.
	b = budget{used: float64(rate*idleTime - 1)}
	for i := range 10 * rate {
		if err := b.spend(time.Duration(i+1)*time.Second/time.Duration(rate-1), slots, 1); err != nil {
			t.Fatalf("frame %d at the rate allowed: %v", i+1, err)
		}
	}
	if b = (budget{}); b.spend(0, slots, float64(rate*idleTime)+1) == nil {
		t.Error("it does not matter how many frames they are")
	}
	b.earn(1e9)
	if b.used < 0 {
		t.Error("jobs are saved up for")
	}
}

// A worker that gives back what it is given, again and again, is cut off, and so
// is one that talks without end; one that settles jobs may say more.
func TestChatter(t *testing.T) {
	for name, frame := range map[string]codec.Frame{
		"pings":         {Type: codec.TypePing, Payload: make([]byte, 8)},
		"slots":         {Type: codec.TypeSlots, Payload: codec.AppendSlots(nil, codec.Slots{Slots: 1})},
		"empty results": {Type: codec.TypeResults},
		"nothing back":  {Type: codec.TypeGiveBack},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			f := r.worker("chatty", 1)
			go func() {
				var b []byte
				for range 100 {
					b = f.enc.Append(b, frame.Type, frame.Payload)
				}
				for {
					if _, err := f.Write(b); err != nil {
						return
					}
				}
			}()
			f.gone()
			r.said("worker chatty is cut off: it sends more than 110 frames a second")
		})
	}
	t.Run("jobs back", func(t *testing.T) {
		r := start(t, nil)
		f := r.worker("chatty", 1)
		r.jobs("one\n")
		for {
			frame, ok := f.frame()
			if !ok {
				break
			}
			if frame.Type == codec.TypeJobs {
				_, _ = f.Write(f.enc.Append(nil, codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: 1, Count: 1}}})))
			}
		}
		r.said("worker chatty is cut off: it sends more than 110 frames a second")
	})
	t.Run("while it works", func(t *testing.T) {
		r := start(t, nil)
		f := r.worker("busy", 1)
		for n := range 1000 {
			r.jobs("a\n")
			m := f.job()
			for range settledFrames - 1 {
				f.send(codec.TypeSlots, codec.AppendSlots(nil, codec.Slots{Slots: 1}))
			}
			f.answer(codec.Result{Seq: m.Seq})
			if m.Seq != uint64(n+1) {
				t.Fatalf("job %d comes after %d", m.Seq, n)
			}
		}
	})
}

// What a worker has been handed in one piece it gives back in one, but for a few:
// each piece is looked after by itself from then on.
func TestJobsBackInPieces(t *testing.T) {
	const slots = 200
	r := start(t, nil)
	f := r.worker("torn", slots)
	r.jobs(strings.Repeat("\n", slots))
	var spans []codec.Span
	for {
		frame, ok := f.frame()
		if !ok {
			break
		}
		if frame.Type != codec.TypeJobs {
			continue
		}
		m, err := codec.ParseJobs(frame.Payload)
		if err != nil {
			t.Fatal(err)
		}
		spans = spans[:0]
		for seq := m.Seq + m.Count; seq > m.Seq; seq-- {
			spans = append(spans, codec.Span{Seq: seq - 1, Count: 1})
		}
		_, _ = f.Write(f.enc.Append(nil, codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: spans})))
	}
	r.said("worker torn is cut off: it sends more than 2100 frames a second")
}

// It is free to do so where it was asked for jobs.
func TestPiecesThatWereAskedFor(t *testing.T) {
	r := start(t, nil)
	f := r.worker("kind", 5)
	r.jobs("a\nb\nc\nd\ne\n")
	first := f.job().Seq
	r.do(func() {
		r.perform(&schedule.Action{Kind: schedule.Revoke, Worker: 1, Range: batch.Range{Count: 1}})
		r.flush()
	})
	f.get(codec.TypeRevoke)
	for torn, seq := range []uint64{first + 1, first + 3} {
		f.send(codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: seq, Count: 1}}}))
		f.job() // the same again
		r.do(func() {
			if used := r.peers[1].budget.used; used > float64(2+tornFrames*torn) || used < float64(tornFrames*torn) {
				t.Errorf("that of job %d: %v frames are spent", seq, used)
			}
		})
	}
}

// Nor does it answer every other job.
func TestAnswersInPieces(t *testing.T) {
	defer func(n int) { mostPieces = n }(mostPieces)
	mostPieces = 10
	r := start(t, nil)
	f := r.worker("torn", 100)
	r.jobs(strings.Repeat("\n", 100))
	f.job()
	for seq := uint64(2); seq <= 24; seq += 2 {
		_, _ = f.Write(f.enc.Append(nil, codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: seq, Count: 1, Lines: []byte("\n")})))
	}
	f.gone()
	r.said("worker torn is cut off: it leaves out more jobs")
}

// Where workers are many, each is granted little. One that has it back piece by
// piece sends a large result in parts of that size, and is not cut off for it.
func TestPartsOfLittleCredit(t *testing.T) {
	r := start(t, func(c *Config) { c.Window = 1 })
	f := r.worker("one", 1)
	r.jobs("a\n")
	m := f.job()
	part := make([]byte, leastWindow/4+1)
	const parts = 2 * (idleRate + slotRate) * idleTime
	for sent, credit := 0, leastWindow; sent < parts; {
		for ; credit >= len(part) && sent < parts; sent++ {
			credit -= len(part)
			f.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: m.Seq, Attempt: m.Attempt, Stream: 1, Data: part}))
		}
		if sent == parts {
			break
		}
		ack, err := codec.ParseAck(f.get(codec.TypeAck))
		if err != nil {
			t.Fatal(err)
		}
		credit += int(ack.Credit)
	}
	printed := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, r.stdout)
		printed <- n
	}()
	f.answer(codec.Result{Seq: m.Seq})
	r.noMore()
	r.written()
	if n, want := <-printed, int64(parts*len(part)+1); n != want {
		t.Errorf("%d bytes are written of %d", n, want)
	}
}
