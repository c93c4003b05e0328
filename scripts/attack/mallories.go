package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/jobpipe/jobpipe/codec"
)

// slots is how many jobs a mallory says to run at a time.
const slots = 100

// mallories have the key, and are let in as workers.
var mallories = []attack{
	{name: "joins and leaves", at: 4, play: mallory(1, func(*peer) {})},
	{name: "takes jobs and hangs up", at: 4, play: mallory(slots, func(p *peer) { _, _ = p.jobs() })},
	{name: "takes jobs and only answers pings", at: 4, play: mallory(slots, func(p *peer) {
		_ = p.SetDeadline(time.Time{})
		for {
			if _, err := p.jobs(); err != nil {
				return
			}
		}
	})},
	{name: "takes jobs and never reads on", at: 4, play: mallory(slots, func(p *peer) {
		_, _ = p.jobs()
		time.Sleep(time.Minute)
	})},
	{name: "takes jobs and gives them back", at: 4, play: mallory(slots, func(p *peer) {
		for {
			m, err := p.jobs()
			if err != nil || p.send(codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: m.Seq, Count: m.Count}}})) != nil {
				return
			}
		}
	})},
	{name: "frames of no length", at: 4, play: mallory(1, write(0, 0, 0, 0))},
	{name: "frames of 4 GiB", at: 4, play: mallory(1, write(255, 255, 255, 255))},
	{name: "frames that are not sealed", at: 4, play: mallory(1, write(append([]byte{60, 0, 0, 0}, make([]byte, 60)...)...))},
	{name: "frames of a coordinator", at: 4, play: mallory(1, once(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("forged\n")})))},
	{name: "hello twice", at: 4, play: mallory(1, once(codec.TypeHello, codec.AppendHello(nil, helloOf("mallory", 1))))},
	{name: "varints that are negative", at: 4, play: mallory(1, once(codec.TypeGiveBack, bytes.Repeat([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, 2)))},
	{name: "varints that are overlong", at: 4, play: mallory(1, once(codec.TypeSlots, bytes.Repeat([]byte{128}, 60_000)))},
	{name: "bombs of s2", at: 4, play: compressed(codec.S2, s2.EncodeBest(nil, make([]byte, 64<<20)))},
	{name: "bombs of s2 that claim 4 GiB", at: 4, play: compressed(codec.S2, []byte{255, 255, 255, 255, 15, 0})},
	{name: "bombs of zstd", at: 4, play: compressed(codec.Zstd, zstdBomb())},
	{name: "answers for leases never given", at: 4, play: mallory(1, flood(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: 1 << 40, Attempt: 1, Stdout: []byte("forged\n")})))},
	{name: "a flood of pings", at: 4, play: mallory(1, flood(codec.TypePing, make([]byte, 8)))},
	{name: "a flood of pings, and never reads", at: 4, play: mallory(1, deaf(codec.TypePing, make([]byte, 8)))},
	{name: "a flood of changes of its slots", at: 4, play: mallory(1, flood(codec.TypeSlots, codec.AppendSlots(nil, codec.Slots{Slots: 1})))},
	{name: "a flood of nothing given back", at: 4, play: mallory(1, flood(codec.TypeGiveBack, nil))},
	{name: "a flood of empty results", at: 4, play: mallory(1, flood(codec.TypeResults, nil))},
	{name: "a flood of parts of nothing", at: 4, play: mallory(1, parts(0))},
	{name: "a flood of parts of one byte", at: 4, play: mallory(1, parts(1))},
}

// mallory is an attack by a worker that is let in first.
func mallory(slots uint32, do func(*peer)) func(*target) {
	return func(t *target) {
		p, err := meet(t.addr, t.from, t.key, helloOf("mallory", slots))
		if err != nil {
			time.Sleep(time.Millisecond)
			return
		}
		do(p)
		_ = p.Close()
	}
}

// write writes bytes and waits to be hung up on.
func write(b ...byte) func(*peer) {
	return func(p *peer) {
		_, _ = p.Write(b)
		p.drain()
	}
}

func once(t codec.Type, payload []byte) func(*peer) {
	return func(p *peer) { write(p.frame(t, payload)...)(p) }
}

// compressed sends results that say they are compressed. No Encoder would make
// such frames, so they go where none has to be sealed: over the Unix socket.
func compressed(c codec.Compression, payload []byte) func(*target) {
	frame := binary.LittleEndian.AppendUint32(nil, uint32(2+len(payload)))
	frame = append(append(frame, byte(codec.TypeResults), byte(c)), payload...)
	return func(t *target) {
		local := target{addr: t.local}
		mallory(1, write(frame...))(&local)
	}
}

func zstdBomb() []byte {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		panic(err)
	}
	defer e.Close()
	return e.EncodeAll(make([]byte, 64<<20), nil)
}

// many is how many frames of a flood go in one write.
const many = 500

// flood sends frames as fast as they are taken, and reads what comes.
func flood(t codec.Type, payload []byte) func(*peer) {
	return func(p *peer) {
		go func() { _, _ = io.Copy(io.Discard, p) }()
		deaf(t, payload)(p)
	}
}

// deaf does not read.
func deaf(t codec.Type, payload []byte) func(*peer) {
	return func(p *peer) {
		_ = p.SetDeadline(time.Time{})
		for {
			var b []byte
			for range many {
				b = p.out.Append(b, t, payload)
			}
			if _, err := p.Write(b); err != nil {
				return
			}
		}
	}
}

// parts floods with parts of a result that never ends.
func parts(size int) func(*peer) {
	return func(p *peer) {
		m, err := p.jobs()
		if err != nil {
			return
		}
		flood(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: m.Seq, Attempt: m.Attempt, Stream: 1, Data: make([]byte, size)}))(p)
	}
}
