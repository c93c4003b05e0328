package worker

import (
	"encoding/hex"
	"errors"
	"math"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/batch"
)

// Between the messages of the wire and what this package works with.

// The reasons of a Goodbye.
const (
	done      = codec.GoodbyeDone
	bySignal  = codec.GoodbyeSignal
	cannotRun = codec.GoodbyeCannotRun
)

func runName(w codec.Welcome) string { return hex.EncodeToString(w.Run[:]) }

func appendHello(cfg *Config) []byte {
	const s2, zstd = 1 << codec.S2, 1<<codec.Zstd | 1<<codec.Linked
	offers := map[string]uint8{"auto": s2 | zstd, "s2": s2, "zstd": zstd}
	return codec.AppendHello(nil, codec.Hello{
		MinVersion: codec.MinVersion, MaxVersion: codec.MaxVersion,
		Lines: cfg.Lines, Slots: uint32(cfg.Slots), Name: cfg.Name,
		Session: cfg.session, Compressions: offers[cfg.Compress],
	})
}

func appendSlots(n int) []byte { return codec.AppendSlots(nil, codec.Slots{Slots: uint32(n)}) }

func appendGoodbye(reason uint8, sentence string) []byte {
	return codec.AppendGoodbye(nil, codec.Goodbye{Reason: reason, Sentence: sentence})
}

func appendGiveBack(spans []span) []byte {
	return codec.AppendGiveBack(nil, codec.GiveBack{Spans: toWire(spans)})
}

func toWire(spans []span) []codec.Span {
	list := make([]codec.Span, len(spans))
	for i, s := range spans {
		list[i] = codec.Span{Seq: s.seq, Count: s.count}
	}
	return list
}

func fromWire(list []codec.Span) []span {
	spans := make([]span, len(list))
	for i, s := range list {
		spans[i] = span{s.Seq, s.Count}
	}
	return spans
}

func parseJobs(p []byte) (leased, error) {
	m, err := codec.ParseJobs(p)
	if err == nil && m.Count > math.MaxInt32 {
		err = errors.New("too many jobs in a frame")
	}
	return leased{batch.Range{Seq: m.Seq, Count: int(m.Count), Data: m.Records}, m.Attempt, nil}, err
}

func wireTimes(start time.Time, d time.Duration) (began, took uint64) {
	return uint64(max(0, start.UnixMicro())), uint64(max(0, d.Microseconds()))
}

func wireResult(r *result, stdout, stderr []byte) codec.Result {
	start, took := wireTimes(r.Start, r.Took)
	return codec.Result{
		Seq: r.seq, Attempt: r.attempt, Outcome: codec.Outcome(r.Outcome), Code: uint64(r.Code),
		Start: start, Took: took,
		Note: []byte(r.Note), Stdout: stdout, Stderr: stderr,
	}
}
