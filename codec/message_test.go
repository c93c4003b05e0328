package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A codecOf is a message with its functions, for tests that go over all.
type codecOf struct {
	typ   Type
	value any // that a golden file shows
	parse func([]byte) (any, error)
	again func([]byte, any) []byte
}

func of[M any](t Type, value M, again func([]byte, M) []byte, parse func([]byte) (M, error)) codecOf {
	return codecOf{t, value,
		func(b []byte) (any, error) { m, err := parse(b); return m, err },
		func(dst []byte, m any) []byte { return again(dst, m.(M)) },
	}
}

func appendResults(dst []byte, list []Result) []byte {
	for _, r := range list {
		dst = AppendResult(dst, r)
	}
	return dst
}

func parseResults(payload []byte) ([]Result, error) {
	var list []Result
	if err := eachResult(payload, func(r Result) { list = append(list, r) }); err != nil {
		return nil, err
	}
	return list, nil
}

func eachResult(payload []byte, each func(Result)) error {
	for {
		r, rest, err := NextResult(payload)
		if err != nil {
			return err
		}
		if each(r); len(rest) == 0 {
			return nil
		}
		payload = rest
	}
}

// Ping and Pong are their payload.
func appendPing(dst []byte, m []byte) []byte { return append(dst, m...) }
func parsePing(payload []byte) ([]byte, error) {
	if err := checkPing(TypePing, payload); err != nil {
		return nil, err
	}
	return payload, nil
}

var messages = []codecOf{
	of(TypeHello, Hello{
		MinVersion: 1, MaxVersion: 1, Slots: 8, Session: [16]byte(seqBytes(0xa0, 16)),
		Compressions: 1<<S2 | 1<<Zstd, Name: "node17:4711",
	}, AppendHello, ParseHello),
	of(TypeWelcome, Welcome{
		Version: 1, Run: [16]byte(seqBytes(0x80, 16)), Compression: S2, Delim: '\n',
		DeadAfter: 15 * time.Second, Timeout: time.Minute, Credit: 4 << 20, MaxJob: 64 << 20,
		Grace: 30 * time.Second, Resumed: true,
	}, AppendWelcome, ParseWelcome),
	of(TypeRefuse, Refuse{"the coordinator speaks version 1 of the protocol, this worker version 2"}, AppendRefuse, ParseRefuse),
	of(TypeJobs, Jobs{Seq: 1000, Count: 2, Attempt: 1, Records: []byte("a.jpg\nb.jpg\n")}, AppendJobs, ParseJobs),
	of(TypeJobPart, JobPart{Seq: 300, Attempt: 2, Last: true, Data: []byte("the end of it\n")}, AppendJobPart, ParseJobPart),
	of(TypeAnswers, Answers{Seq: 5, Count: 2, Start: 1764000000000000, Took: 2500, Lines: []byte("25\n36\n")}, AppendAnswers, ParseAnswers),
	of(TypeResults, []Result{
		{
			Seq: 1000, Attempt: 1, Outcome: Exited, Code: 0, Start: 1764000000000000, Took: 2500,
			Note: []byte{}, Stdout: []byte("ok\n"), Stderr: []byte{},
		},
		{
			Seq: 1001, Attempt: 1, Outcome: Unrunnable, Code: 0, Start: 1764000000002600, Took: 0,
			Note: []byte("argument list too long"), Stdout: []byte{}, Stderr: []byte{},
		},
	}, appendResults, parseResults),
	of(TypeResultPart, ResultPart{Seq: 7, Attempt: 1, Stream: 2, Data: []byte("warning: ")}, AppendResultPart, ParseResultPart),
	of(TypeAck, Ack{Credit: 200, Spans: []Span{{1000, 2}, {7, 1}}}, AppendAck, ParseAck),
	of(TypeRevoke, Revoke{Count: 16}, AppendRevoke, ParseRevoke),
	of(TypeGiveBack, GiveBack{Spans: []Span{{2000, 300}}}, AppendGiveBack, ParseGiveBack),
	of(TypeCancel, Cancel{Spans: []Span{{1, 1}, {math.MaxUint64 - 1, 1}}}, AppendCancel, ParseCancel),
	of(TypeSlots, Slots{Slots: 0}, AppendSlots, ParseSlots),
	of(TypePing, []byte("12345678"), appendPing, parsePing),
	of(TypePong, []byte("12345678"), appendPing, parsePing),
	of(TypeOver, Over{How: 1}, AppendOver, ParseOver),
	of(TypeGoodbye, Goodbye{Reason: GoodbyeCannotRun, Sentence: "convert: command not found"}, AppendGoodbye, ParseGoodbye),
	of(TypeHeld, Held{Last: true, Spans: []HeldSpan{{Span{1000, 2}, 1}, {Span{7, 1}, 2}}}, AppendHeld, ParseHeld),
	of(TypePrefer, Prefer{Seq: 7, Credit: 131072}, AppendPrefer, ParsePrefer),
}

func TestMessages(t *testing.T) {
	for i, m := range messages {
		if int(m.typ) != i+1 {
			t.Fatalf("%v is out of its place", m.typ)
		}
		payload := m.again([]byte("before"), m.value)[len("before"):]
		got, err := m.parse(payload)
		if err != nil || !reflect.DeepEqual(got, m.value) {
			t.Errorf("%v: %+v comes back as %+v (%v)", m.typ, m.value, got, err)
		}
	}
}

// A message with a byte too many or too few is an error, or another message.
func TestCutAndPadded(t *testing.T) {
	for _, m := range messages {
		whole := m.again(nil, m.value)
		for n := range len(whole) {
			if got, err := m.parse(whole[:n]); err == nil && !bytes.Equal(m.again(nil, got), whole[:n]) {
				t.Errorf("%v: the first %d of %d bytes are %+v", m.typ, n, len(whole), got)
			}
		}
		padded := append(whole, 0)
		if got, err := m.parse(padded); err == nil && !bytes.Equal(m.again(nil, got), padded) {
			t.Errorf("%v: with a byte too many it is %+v", m.typ, got)
		}
	}
}

// uv is varints one after another.
func uv(list ...uint64) string {
	var b []byte
	for _, v := range list {
		b = binary.AppendUvarint(b, v)
	}
	return string(b)
}

func TestMalformed(t *testing.T) {
	const most = math.MaxUint64
	sixteen := strings.Repeat("s", 16)
	hello := func(lines, slots, name string) string { return "\x01\x01" + lines + slots + sixteen + "\x06" + name }
	welcome := func(version, compression, delim string) string {
		return version + sixteen + compression + delim + uv(1, 0, 1, 1, 0, 0)
	}
	result := func(seq, attempt uint64, outcome string, sizes ...uint64) string {
		return uv(seq, attempt) + outcome + uv(0, 0, 0) + uv(sizes...)
	}
	tests := []struct {
		typ     Type
		payload string
		err     string
	}{
		{TypeHello, "", "cut short"},
		{TypeHello, hello("\x02", "\x01", "\x00"), "lines 2"},
		{TypeHello, hello("\x00", "\x00", "\x00"), "slots 0"},
		{TypeHello, hello("\x00", uv(1<<32), "\x00"), "slots 4294967296"},
		{TypeHello, hello("\x00", "\x81\x00", "\x00"), "longer than it needs"},
		{TypeHello, hello("\x00", "\x01", uv(101)+strings.Repeat("n", 101)), "a name of 101 bytes"},
		{TypeHello, hello("\x00", "\x01", uv(most)), "a name of"},
		{TypeHello, hello("\x00", "\x01", "\x04ann"), "cut short"},
		{TypeHello, hello("\x00", "\x01", "\x04anna!"), "1 bytes too many"},
		{TypeWelcome, welcome("\x00", "\x00", "\n"), "version 0"},
		{TypeWelcome, welcome("\x02", "\x00", "\n"), "version 2"},
		{TypeWelcome, welcome("\x01", "\x06", "\n"), "compression 6"},
		{TypeWelcome, welcome("\x01", "\x00", ","), "delimiter ','"},
		{TypeWelcome, welcome("\x01", "\x00", "\n") + "\x00", "1 bytes too many"},
		{TypeWelcome, "\x01" + sixteen + "\x00\n" + uv(1, 0, 1, 1, 0, 2), "resumed 2"},
		{TypeRefuse, strings.Repeat("n", 513), "a sentence of 513 bytes"},
		{TypeJobs, uv(0, 1, 1) + "a\n", "seq 0"},
		{TypeJobs, uv(1, 0, 1) + "a\n", "count 0"},
		{TypeJobs, uv(1, 1, 0) + "a\n", "attempt 0"},
		{TypeJobs, uv(1, 3, 1) + "a\n", "3 records in 2 bytes"},
		{TypeJobs, uv(1, 1, 1), "1 records in 0 bytes"},
		{TypeJobs, uv(1, most, 1) + "a\n", "jobs from 1 on"},
		{TypeJobs, uv(most-1, 2, 1) + "a\n", "2 jobs from 18446744073709551614 on"},
		{TypeJobs, uv(most, 1, 1) + "a\n", "seq 18446744073709551615"},
		{TypeJobs, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "2^64 or more"},
		{TypeJobs, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "2^64 or more"},
		{TypeJobs, "\x81\x80\x00", "longer than it needs"},
		{TypeJobPart, uv(0, 1) + "\x01a", "seq 0"},
		{TypeJobPart, uv(most, 1) + "\x01a", "seq 18446744073709551615"},
		{TypeJobPart, uv(1, 0) + "\x01a", "attempt 0"},
		{TypeJobPart, uv(1, 1) + "\x02a", "last 2"},
		{TypeJobPart, uv(1, 1), "cut short"},
		{TypeAnswers, uv(0, 1, 7, 7) + "a\n", "seq 0"},
		{TypeAnswers, uv(1, 0, 7, 7) + "a\n", "count 0"},
		{TypeAnswers, uv(1, 2, 7, 7) + "\n", "2 lines in 1 bytes"},
		{TypeResults, "", "cut short"},
		{TypeResults, result(0, 1, "\x00", 0, 0, 0), "seq 0"},
		{TypeResults, result(1, 0, "\x00", 0, 0, 0), "attempt 0"},
		{TypeResults, result(1, 1, "\x05", 0, 0, 0), "outcome 5"},
		{TypeResults, result(1, 1, "\x00", 1, 0, 0), "cut short"},
		{TypeResults, result(1, 1, "\x00", 0, most, 0), "cut short"},
		{TypeResults, result(1, 1, "\x00", 1, 1, most) + "no", "cut short"},
		{TypeResults, result(1, 1, "\x00", 0, 0, 0) + "\x00", "seq 0"},
		{TypeResultPart, uv(1, 1) + "\x00a", "stream 0"},
		{TypeResultPart, uv(1, 1) + "\x03a", "stream 3"},
		{TypeAck, "", "cut short"},
		{TypeAck, uv(5, 1), "cut short"},
		{TypeAck, uv(5, 1, 0), "count 0"},
		{TypeAck, uv(5, 1, 1, 0, 1), "seq 0"},
		{TypeRevoke, uv(0), "count 0"},
		{TypeRevoke, uv(1, 1), "1 bytes too many"},
		{TypeGiveBack, uv(1), "cut short"},
		{TypeGiveBack, uv(2, most-1), "jobs from 2 on"},
		{TypeCancel, uv(1, 1, 1), "cut short"},
		{TypeSlots, uv(1 << 32), "slots 4294967296"},
		{TypePing, "1234567", "7 bytes instead of 8"},
		{TypeOver, "\x02", "how 2"},
		{TypeOver, "\x00\x00", "1 bytes too many"},
		{TypeGoodbye, "\x03", "reason 3"},
		{TypeGoodbye, "\x00" + strings.Repeat("n", 513), "a sentence of 513 bytes"},
		{TypeHeld, "", "cut short"},
		{TypeHeld, "\x02", "last 2"},
		{TypeHeld, "\x01" + uv(1, 1), "cut short"},
		{TypeHeld, "\x01" + uv(0, 1, 1), "seq 0"},
		{TypeHeld, "\x01" + uv(1, 1, 0), "attempt 0"},
		{TypeHeld, "\x00" + uv(2, most-1, 1), "jobs from 2 on"},
		{TypePrefer, uv(7), "cut short"},
		{TypePrefer, uv(0, 1), "seq 0"},
	}
	for _, test := range tests {
		m, err := messages[test.typ-1].parse([]byte(test.payload))
		if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "malformed "+test.typ.String()) {
			t.Errorf("%v %q: %+v (%v), want %q", test.typ, test.payload, m, err, test.err)
		}
		if !reflect.ValueOf(m).IsZero() {
			t.Errorf("%v %q: with an error comes %+v", test.typ, test.payload, m)
		}
	}
}

func TestVarint(t *testing.T) {
	for shift := range 64 {
		for _, v := range []uint64{1<<shift - 1, 1 << shift, 1<<shift + 1, math.MaxUint64 >> shift} {
			b := binary.AppendUvarint(nil, v)
			got, n, err := readVarint(append(b, 0xff))
			if got != v || n != len(b) || n != varintLen(v) || err != nil {
				t.Errorf("%d comes back as %d from %d of %d bytes (%v)", v, got, n, len(b), err)
			}
			if _, _, err := readVarint(b[:len(b)-1]); !errors.Is(err, errCut) {
				t.Errorf("%d cut short gives %v", v, err)
			}
		}
	}
}

func TestResultSize(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 16383, 16384} {
		for _, v := range []uint64{1, 1 << 7, 1 << 14, 1 << 62} {
			r := Result{Seq: v, Attempt: v, Code: v, Start: v, Took: v, Note: make([]byte, n), Stdout: make([]byte, n/2), Stderr: make([]byte, 2*n)}
			if got, want := ResultSize(r), len(AppendResult(nil, r)); got != want {
				t.Errorf("the size of a result is %d, want %d", got, want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	const longest = time.Duration(maxMillis) * time.Millisecond
	for d, want := range map[time.Duration]time.Duration{
		0: 0, -1: 0, 1: time.Millisecond, time.Millisecond: time.Millisecond, time.Millisecond + 1: 2 * time.Millisecond,
		longest: longest, longest - 1: longest, math.MaxInt64: longest,
	} {
		m, err := ParseWelcome(AppendWelcome(nil, Welcome{Version: 1, DeadAfter: d, Timeout: d, Grace: d}))
		if err != nil || m.DeadAfter != want || m.Timeout != want || m.Grace != want {
			t.Errorf("%v comes back as %v and %v (%v), want %v", d, m.DeadAfter, m.Timeout, err, want)
		}
	}
	endless := append(AppendWelcome(nil, Welcome{Version: 1})[:19], uv(math.MaxUint64, 1<<63, 1, 1, 0, 0)...)
	if m, err := ParseWelcome(endless); err != nil || m.DeadAfter != longest || m.Timeout != longest {
		t.Errorf("2^64-1 ms are %v, 2^63 are %v (%v)", m.DeadAfter, m.Timeout, err)
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		text string
		most int
		want string
	}{
		{"anna", 4, "anna"}, {"anna", 3, "ann"}, {"größe", 3, "gr"}, {"größe", 4, "grö"},
		{"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80"},
	}
	for _, test := range tests {
		if got := cut(test.text, test.most); got != test.want {
			t.Errorf("%q cut to %d is %q, want %q", test.text, test.most, got, test.want)
		}
	}
	long := strings.Repeat("ä", 400)
	h, err1 := ParseHello(AppendHello(nil, Hello{Slots: 1, Name: long}))
	r, err2 := ParseRefuse(AppendRefuse(nil, Refuse{long}))
	g, err3 := ParseGoodbye(AppendGoodbye(nil, Goodbye{Sentence: long}))
	if err := errors.Join(err1, err2, err3); err != nil || len(h.Name) != MaxName || len(r.Reason) != maxSentence || len(g.Sentence) != maxSentence {
		t.Errorf("texts have %d, %d, %d bytes (%v)", len(h.Name), len(r.Reason), len(g.Sentence), err)
	}
}

// Errors name the message and quote nothing that could fool a terminal.
func TestErrorsArePrintable(t *testing.T) {
	_, err := ParseWelcome([]byte(AppendWelcome(nil, Welcome{Version: 1, Delim: 0x1b})))
	if want := `malformed Welcome: delimiter '\x1b'`; fmt.Sprint(err) != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}
