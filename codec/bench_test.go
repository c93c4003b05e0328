package codec

import (
	"bytes"
	"slices"
	"testing"
)

// batchOf is a Jobs payload in two pieces, as the coordinator sends it.
func batchOf(n int) (head, records []byte) {
	records = lines(n)
	return AppendJobs(nil, Jobs{Seq: 123456, Count: uint64(bytes.Count(records, []byte("\n"))), Attempt: 1}), records
}

func BenchmarkEncode(b *testing.B) {
	head, records := batchOf(60000)
	for _, m := range modes {
		b.Run(m.String(), func(b *testing.B) {
			e, _ := m.ends()
			dst := e.Append(nil, TypeJobs, head, records)
			b.SetBytes(int64(len(records)))
			b.ReportAllocs()
			for b.Loop() {
				dst = e.Append(dst[:0], TypeJobs, head, records)
			}
			b.ReportMetric(float64(len(dst))/float64(len(records)), "ratio")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	head, records := batchOf(60000)
	for _, m := range modes {
		b.Run(m.String(), func(b *testing.B) {
			e, d := m.ends()
			frame := e.Append(nil, TypeJobs, head, records)
			buf := slices.Clone(frame)
			b.SetBytes(int64(len(records)))
			b.ReportAllocs()
			for b.Loop() {
				if m.sealed {
					copy(buf, frame) // it is opened in place
					d.cipher.state.SetNonce(0)
				}
				f, _, err := d.Next(buf)
				if err == nil {
					_, err = ParseJobs(f.Payload)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkResults(b *testing.B) {
	r := Result{Seq: 123456, Attempt: 1, Start: 1764000000000000, Took: 2500, Stdout: lines(50)}
	var payload []byte
	for len(payload)+ResultSize(r) < 60000 {
		payload = AppendResult(payload, r)
	}
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := payload; len(rest) > 0; {
			_, after, err := NextResult(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = after
		}
	}
}

func BenchmarkHandshake(b *testing.B) {
	for b.Loop() {
		o, opening := Start(&goldenKey)
		reply, _, err := Respond([]Key{goldenKey}, false, opening)
		if err == nil {
			_, err = o.Finish(reply)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrongKey(b *testing.B) {
	_, opening := Start(&otherKey)
	for b.Loop() {
		if _, _, err := Respond([]Key{goldenKey}, false, opening); err == nil {
			b.Fatal("it is let in")
		}
	}
}

// What runs for every frame does not allocate.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("with the race detector pools drop what they hold, to find races")
	}
	head, records := batchOf(60000)
	for _, m := range modes {
		e, d := m.ends()
		var dst []byte
		if n := testing.AllocsPerRun(100, func() {
			dst = e.Append(dst[:0], TypeJobs, head, records)
			f, _, err := d.Next(dst)
			if err == nil {
				_, err = ParseJobs(f.Payload)
			}
			if err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%v: there are %v allocations", m, n)
		}
	}
}
