package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestJoblog(t *testing.T) {
	usual := Job{
		Seq: 7, Record: []byte("echo a"), Worker: "box", Start: 1795580604_944_400, Took: 43_499,
		Sent: 7, Received: 2, Code: 3,
	}
	tests := []struct {
		name string
		mod  func(*Job)
		want string
	}{
		{"exited", func(*Job) {}, "7\tbox\t1795580604.944\t     0.043\t7\t2\t3\t0\techo a\n"},
		{"signal", func(j *Job) { j.Ending, j.Code = Signaled, 9 }, "7\tbox\t1795580604.944\t     0.043\t7\t2\t0\t9\techo a\n"},
		{"out of time", func(j *Job) { j.Ending, j.Code = Ended, 0 }, "7\tbox\t1795580604.944\t     0.043\t7\t2\t-1\t15\techo a\n"},
		{"not run", func(j *Job) { j.Ending, j.Code = Unrun, 0 }, "7\tbox\t1795580604.944\t     0.043\t7\t2\t-1\t0\techo a\n"},
		{"rounded", func(j *Job) { j.Start, j.Took = 999_500, 43_500 }, "7\tbox\t1.000\t     0.044\t7\t2\t3\t0\techo a\n"},
		{"long", func(j *Job) { j.Took = 12345678_000_000 }, "7\tbox\t1795580604.944\t12345678.000\t7\t2\t3\t0\techo a\n"},
		{"odd bytes", func(j *Job) { j.Record = []byte("b\nc\t\x00\xff\n") }, "7\tbox\t1795580604.944\t     0.043\t7\t2\t3\t0\tb\x00c\t\x00\xff\x00\n"},
		{"empty record", func(j *Job) { j.Record = nil }, "7\tbox\t1795580604.944\t     0.043\t7\t2\t3\t0\t\n"},
		{"name of words", func(j *Job) { j.Worker = "my\tbox\u00a01" }, "7\tmy_box_1\t1795580604.944\t     0.043\t7\t2\t3\t0\techo a\n"},
		{"no worker", func(j *Job) { j.Worker = "" }, "7\t-\t1795580604.944\t     0.043\t7\t2\t3\t0\techo a\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := usual
			record := bytes.Clone(j.Record)
			test.mod(&j)
			if got := string(new(Joblog).Append(nil, &j)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if !bytes.Equal(usual.Record, record) {
				t.Errorf("the record is %q now", usual.Record)
			}
		})
	}
}

// What GNU parallel reads with --resume-failed and --retry-failed.
var (
	succeeded = regexp.MustCompile(`^(\d+)(?:\t[^\t]+){5}\t0\t0\t`)
	failed    = regexp.MustCompile(`(?s)(\d+)\s+\S+(\s+[-0-9.]+){6}\s+(.*)\n$`)
)

func FuzzJoblog(f *testing.F) {
	f.Add(uint64(1), []byte("x"), "box", uint64(1), uint64(2), uint8(0), uint64(0))
	f.Add(uint64(9), []byte("\n\t\x00"), " \n", uint64(1)<<63, uint64(1)<<63, uint8(2), uint64(1))
	f.Fuzz(func(t *testing.T, seq uint64, record []byte, worker string, start, took uint64, ending uint8, code uint64) {
		j := Job{Seq: seq, Record: record, Worker: worker, Start: start, Took: took, Ending: Ending(ending % 4), Code: code}
		line := new(Joblog).Append([]byte("before"), &j)[len("before"):]
		if n := bytes.IndexByte(line, '\n'); n != len(line)-1 {
			t.Fatalf("%q is not one line", line)
		}
		if want := j.Ending == Exited && code == 0 || j.Ending == Signaled && code == 0; succeeded.Match(line) != want {
			t.Errorf("%q: taken for a success: %v", line, !want)
		}
		if !failed.Match(line) {
			t.Errorf("%q is no line of a joblog", line)
		}
		fields := strings.SplitN(string(line[:len(line)-1]), "\t", 9)
		if len(fields) != 9 || fields[0] != fmt.Sprint(seq) || fields[8] != strings.ReplaceAll(string(record), "\n", "\x00") {
			t.Errorf("%q has the fields %q", line, fields)
		}
	})
}
