package integration

import (
	"encoding/binary"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/jobpipe/jobpipe/codec"
)

// A prank is what a worker with the key does that it should not.
type prank struct {
	name string
	play func(t *testing.T, p *peer, m codec.Jobs) error // m is jobs that it was given
	mild bool                                            // it is not hung up on for that
}

// stray is a number of a job that is not there.
const stray = 1 << 40

var pranks = []prank{
	{name: "hangs up in the middle of a frame", play: func(_ *testing.T, p *peer, _ codec.Jobs) error {
		_, err := p.conn.Write([]byte{200, 0, 0, 0, byte(codec.TypeResults), 0, 1})
		_ = p.conn.Close()
		return err
	}},
	{name: "answers a job twice", mild: true, play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		r := codec.AppendResult(nil, codec.Result{Seq: m.Seq, Attempt: m.Attempt, Stdout: []byte("1\n")})
		return p.send(codec.TypeResults, append(r, codec.AppendResult(nil, codec.Result{Seq: m.Seq, Attempt: m.Attempt, Stdout: []byte("forged\n")})...))
	}},
	{name: "answers a job that is not there", mild: true, play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: stray, Attempt: 1, Stdout: []byte("forged\n")}))
	}},
	{name: "fails a job that is not there", mild: true, play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: stray, Attempt: 1, Code: 1, Stdout: []byte("forged\n")}))
	}},
	{name: "fails another attempt", mild: true, play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: m.Seq, Attempt: m.Attempt + 1, Code: 1, Stdout: []byte("forged\n")}))
	}},
	{name: "sends a part of a job that is not there", mild: true, play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: stray, Attempt: 1, Stream: 1, Data: []byte("forged\n")}))
	}},
	{name: "answers and hangs up", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		err := p.send(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: m.Seq, Attempt: m.Attempt, Stdout: []byte("1\n")}))
		_ = p.conn.Close()
		return err
	}},
	{name: "begins a result and leaves", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		err := p.send(codec.TypeResultPart, codec.AppendResultPart(nil, codec.ResultPart{Seq: m.Seq, Attempt: m.Attempt, Stream: 1, Data: []byte("forged\n")}))
		_ = p.conn.Close()
		return err
	}},
	{name: "goes on answering jobs that are not there", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		for i := range 100_000 {
			p.put(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: uint64(stray + i), Attempt: 1}))
		}
		_ = p.flush() // it may be closed already
		return nil
	}},
	{name: "answers job 0", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeResults, codec.AppendResult(nil, codec.Result{Seq: 0, Attempt: 1, Stdout: []byte("forged\n")}))
	}},
	{name: "answers lines that are not there", mild: true, play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: stray, Count: 2, Lines: []byte("forged\nforged\n")}))
	}},
	{name: "answers more lines than it says", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeAnswers, codec.AppendAnswers(nil, codec.Answers{Seq: m.Seq, Count: 1, Lines: []byte("forged\nforged\n")}))
	}},
	{name: "gives back what it does not have", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: stray, Count: 1}}}))
	}},
	{name: "gives back everything there can be", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeGiveBack, codec.AppendGiveBack(nil, codec.GiveBack{Spans: []codec.Span{{Seq: 1, Count: 1<<64 - 1}}}))
	}},
	{name: "says hello again", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeHello, codec.AppendHello(nil, helloOf("mallory", 1)))
	}},
	{name: "talks like a coordinator", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 1, Count: 1, Attempt: 1, Records: []byte("forged\n")}))
	}},
	{name: "sends a message that is unknown", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(99, nil)
	}},
	{name: "sends an empty message", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		return p.send(codec.TypeAnswers, nil)
	}},
	{name: "lies about sizes in a result", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		b := binary.AppendUvarint(nil, m.Seq)
		b = append(b, 1, 0, 0, 0, 0, 0)
		return p.send(codec.TypeResults, append(binary.AppendUvarint(b, 1<<62), 0, 'x'))
	}},
	{name: "sends a frame of no length", play: raw(0, 0, 0, 0)},
	{name: "sends a frame that is too short", play: raw(1, 0, 0, 0, byte(codec.TypePing))},
	{name: "announces 64 KiB", play: raw(0, 0, 1, 0, byte(codec.TypeResults), 0)},
	{name: "announces 4 GiB", play: raw(255, 255, 255, 255, byte(codec.TypeResults), 0)},
	{name: "compresses what never is", play: raw(10, 0, 0, 0, byte(codec.TypePing), 1, 0, 0, 0, 0, 0, 0, 0, 0)},
	{name: "claims that it decompresses to 4 GiB", play: raw(8, 0, 0, 0, byte(codec.TypeResults), 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0)},
	{name: "sends a bomb", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		bomb := s2.Encode(nil, make([]byte, 64<<20))
		head := binary.LittleEndian.AppendUint32(nil, uint32(len(bomb)+2))
		_, err := p.conn.Write(append(append(head, byte(codec.TypeResults), 1), bomb...))
		return err
	}},
	{name: "sends what is not zstd", play: raw(10, 0, 0, 0, byte(codec.TypeResults), 2, 0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff)},
	{name: "links what it may not", play: raw(15, 0, 0, 0, byte(codec.TypeResults), 4, 0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, 0, 0, 0, 0x0b, 0, 0, 'x')},
	{name: "mixes attempts", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		part := codec.ResultPart{Seq: m.Seq, Attempt: m.Attempt, Stream: 1, Data: []byte("forged\n")}
		p.put(codec.TypeResultPart, codec.AppendResultPart(nil, part))
		part.Attempt++
		return p.send(codec.TypeResultPart, codec.AppendResultPart(nil, part))
	}},
	{name: "says nothing any more", play: func(*testing.T, *peer, codec.Jobs) error { return nil }},
	{name: "pings without end and never reads", play: func(_ *testing.T, p *peer, m codec.Jobs) error {
		for range 1000 {
			p.put(codec.TypePing, make([]byte, 8))
		}
		for range 10_000 { // many times what the kernel holds
			if _, err := p.conn.Write(p.queued); err != nil {
				return nil // it is closed already
			}
		}
		return nil
	}},
}

// raw is a prank of bytes.
func raw(b ...byte) func(*testing.T, *peer, codec.Jobs) error {
	return func(_ *testing.T, p *peer, _ codec.Jobs) error {
		_, err := p.conn.Write(b)
		return err
	}
}
