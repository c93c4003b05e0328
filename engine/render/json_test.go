package render

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"
)

func TestObjects(t *testing.T) {
	usual := Job{
		Seq: 7, Record: []byte("a b"), Worker: "box", Attempt: 1, Start: 1795580604_944_400, Took: 43_499,
		Cause: "exit status 3", Code: 3,
	}
	tests := []struct {
		name           string
		mod            func(*Job)
		stdout, stderr string
		want           string
	}{
		{"succeeded", func(j *Job) { j.Code, j.Cause = 0, "" }, "A B\n", "",
			`{"seq":7,"job":"a b","stdout":"A B\n","stderr":"","exit":0,"signal":null,"error":null,"worker":"box","attempts":1,"start":"2026-11-25T04:23:24.944400Z","seconds":0.043499}`},
		{"failed", func(j *Job) { j.Attempt = 3 }, "half", "no such \"file\"\n",
			`{"seq":7,"job":"a b","stdout":"half","stderr":"no such \"file\"\n","exit":3,"signal":null,"error":"exit status 3","worker":"box","attempts":3,"start":"2026-11-25T04:23:24.944400Z","seconds":0.043499}`},
		{"signal", func(j *Job) { j.Ending, j.Code, j.Cause = Signaled, 9, "killed" }, "", "",
			`{"seq":7,"job":"a b","stdout":"","stderr":"","exit":null,"signal":9,"error":"killed","worker":"box","attempts":1,"start":"2026-11-25T04:23:24.944400Z","seconds":0.043499}`},
		{"out of time", func(j *Job) { j.Ending, j.Cause = Ended, "it ran longer than 1s" }, "", "",
			`{"seq":7,"job":"a b","stdout":"","stderr":"","exit":null,"signal":null,"error":"it ran longer than 1s","worker":"box","attempts":1,"start":"2026-11-25T04:23:24.944400Z","seconds":0.043499}`},
		{"no worker", func(j *Job) { j.Ending, j.Worker, j.Attempt = Unrun, "", 0 }, "", "",
			`{"seq":7,"job":"a b","stdout":"","stderr":"","exit":null,"signal":null,"error":"exit status 3","worker":null,"attempts":0,"start":null,"seconds":null}`},
		{"not kept", func(j *Job) { j.Record, j.Ending, j.Worker = nil, Unrun, "" }, "", "",
			`{"seq":7,"job":null,"stdout":"","stderr":"","exit":null,"signal":null,"error":"exit status 3","worker":null,"attempts":1,"start":null,"seconds":null}`},
		{"no UTF-8", func(j *Job) { j.Record = []byte("\xff") }, "a\xe2\x82", "\x80\n",
			`{"seq":7,"job_b64":"/w==","stdout_b64":"YeKC","stderr_b64":"gAo=","exit":3,"signal":null,"error":"exit status 3","worker":"box","attempts":1,"start":"2026-11-25T04:23:24.944400Z","seconds":0.043499}`},
		{"a clock of another world", func(j *Job) { j.Start, j.Took = lastTime+1, 1<<64-1 }, "", "",
			`{"seq":7,"job":"a b","stdout":"","stderr":"","exit":3,"signal":null,"error":"exit status 3","worker":"box","attempts":1,"start":null,"seconds":18446744073709.551615}`},
		{"the last moment", func(j *Job) { j.Start, j.Took = lastTime, 0 }, "", "",
			`{"seq":7,"job":"a b","stdout":"","stderr":"","exit":3,"signal":null,"error":"exit status 3","worker":"box","attempts":1,"start":"9999-12-31T23:59:59.999999Z","seconds":0.000000}`},
		{"odd names", func(j *Job) { j.Worker, j.Cause = "bo\xffx", "a\\b" }, "", "",
			`{"seq":7,"job":"a b","stdout":"","stderr":"","exit":3,"signal":null,"error":"a\\b","worker":"bo` + "\ufffd" + `x","attempts":1,"start":"2026-11-25T04:23:24.944400Z","seconds":0.043499}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := usual
			test.mod(&j)
			if got := string(new(Objects).Append(nil, &j, []byte(test.stdout), []byte(test.stderr))); got != test.want+"\n" {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// object is what others read out of a line.
type object struct {
	Seq      *uint64    `json:"seq"`
	Job      *string    `json:"job"`
	JobB64   *string    `json:"job_b64"`
	Out      *string    `json:"stdout"`
	OutB64   *string    `json:"stdout_b64"`
	Err      *string    `json:"stderr"`
	ErrB64   *string    `json:"stderr_b64"`
	Exit     *uint64    `json:"exit"`
	Signal   *uint64    `json:"signal"`
	Error    *string    `json:"error"`
	Worker   *string    `json:"worker"`
	Attempts *int       `json:"attempts"`
	Start    *time.Time `json:"start"`
	Seconds  *float64   `json:"seconds"`
}

// FuzzObjects: whatever bytes are in it, it is one line that is valid JSON, from
// which the bytes can be read back.
func FuzzObjects(f *testing.F) {
	f.Add(uint64(1), []byte("a"), []byte("b\n"), []byte(""), "box", "", uint64(1), uint64(2), uint8(0), uint64(0))
	f.Add(uint64(1<<64-1), []byte("\x00\x1f\"\\\x7f"), []byte("\u2028\U0001F600\xed\xa0\x80"), []byte("\xff"), "b\xffx", "\n", uint64(1)<<63, uint64(1)<<63, uint8(1), uint64(9))
	f.Add(uint64(9), []byte("01234567\n01234567\""), []byte("0123456\xc3\xa9"), []byte("\xc3"), "", "", uint64(0), uint64(0), uint8(3), uint64(1))
	f.Fuzz(func(t *testing.T, seq uint64, record, stdout, stderr []byte, worker, cause string, start, took uint64, ending uint8, code uint64) {
		j := Job{Seq: seq, Record: record, Worker: worker, Start: start, Took: took, Ending: Ending(ending % 4), Code: code, Cause: cause, Attempt: 2}
		line := new(Objects).Append([]byte("before"), &j, stdout, stderr)[len("before"):]
		if n := bytes.IndexByte(line, '\n'); n != len(line)-1 {
			t.Fatalf("%q is not one line", line)
		}
		if !utf8.Valid(line) {
			t.Errorf("%q is no UTF-8", line)
		}
		var o object
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, field := range []struct {
			name      string
			want      []byte
			text, b64 *string
		}{{"job", record, o.Job, o.JobB64}, {"stdout", stdout, o.Out, o.OutB64}, {"stderr", stderr, o.Err, o.ErrB64}} {
			if got, ok := read(field.text, field.b64); ok && string(got) != string(field.want) || ok != (field.name != "job" || record != nil) {
				t.Errorf("%q: %s is %q, want %q", line, field.name, got, field.want)
			}
			if utf8.Valid(field.want) != (field.b64 == nil) {
				t.Errorf("%q: %s is in base64: %v", line, field.name, field.b64 != nil)
			}
		}
		if *o.Seq != seq || (o.Exit != nil) != (j.Ending == Exited) || o.Exit != nil && *o.Exit != code ||
			(o.Signal != nil) != (j.Ending == Signaled) || o.Signal != nil && *o.Signal != code {
			t.Errorf("%q is of %+v", line, j)
		}
		if (o.Worker == nil) != (worker == "") || (o.Error == nil) != (cause == "") || (o.Seconds == nil) != (worker == "") {
			t.Errorf("%q is of %+v", line, j)
		}
		if o.Start != nil && uint64(o.Start.UnixMicro()) != start {
			t.Errorf("%q begins at %d, want %d", line, o.Start.UnixMicro(), start)
		}
	})
}

// read returns what a member says, whichever of its two names it has.
func read(text, b64 *string) (b []byte, ok bool) {
	if text != nil && b64 == nil {
		return []byte(*text), true
	}
	if b64 != nil && text == nil {
		b, err := base64.StdEncoding.DecodeString(*b64)
		return b, err == nil
	}
	return nil, false
}

func BenchmarkObjects(b *testing.B) {
	j := Job{Seq: 12345678, Record: []byte("12345678"), Worker: "machine", Attempt: 1, Start: 1795580604_944_400, Took: 12}
	line := []byte("12345678\n")
	var dst []byte
	var o Objects
	for b.Loop() {
		j.Start++
		dst = o.Append(dst[:0], &j, line, nil)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkJoblog(b *testing.B) {
	j := Job{Seq: 12345678, Record: []byte("12345678"), Worker: "machine", Attempt: 1, Start: 1795580604_944_400, Took: 12}
	var dst []byte
	var l Joblog
	for b.Loop() {
		j.Start++
		dst = l.Append(dst[:0], &j)
	}
	b.SetBytes(int64(len(dst)))
}

// What is not worded again is that of the job before, and of no other.
func TestWordsAreOfTheirJob(t *testing.T) {
	jobs := []Job{
		{Seq: 1, Worker: "a", Attempt: 1, Start: 1_999_999, Took: 5},
		{Seq: 2, Worker: "a", Attempt: 1, Start: 2_000_000, Took: 5},
		{Seq: 3, Worker: "a", Attempt: 2, Start: 2_000_001, Took: 6},
		{Seq: 4, Worker: "b", Attempt: 2, Start: 2_000_001, Took: 6, Code: 1, Cause: "x"},
		{Seq: 5, Worker: "b", Attempt: 2, Start: 2_000_001, Took: 6, Code: 1, Cause: "y"},
		{Seq: 6, Worker: "b", Attempt: 2, Start: 2_000_001, Took: 6, Code: 1, Cause: "y", Ending: Signaled},
		{Seq: 7, Worker: "b", Attempt: 2, Start: 2_000_001, Took: 6, Code: 2, Cause: "y", Ending: Signaled},
		{Seq: 8, Attempt: 2, Start: 2_000_001, Took: 6, Ending: Unrun, Cause: "y"},
		{Seq: 9, Worker: "a", Attempt: 1, Start: lastTime + 1, Took: 5},
		{Seq: 10, Worker: "a", Attempt: 1, Start: 0, Took: 0},
	}
	var o Objects
	var l Joblog
	for i := range jobs {
		got := o.Append(nil, &jobs[i], nil, nil)
		if want := new(Objects).Append(nil, &jobs[i], nil, nil); !bytes.Equal(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		got = l.Append(nil, &jobs[i])
		if want := new(Joblog).Append(nil, &jobs[i]); !bytes.Equal(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
