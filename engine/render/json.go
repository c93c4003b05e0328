package render

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Objects words jobs as JSON objects, each on a line of its own. The schema is
// man/result.schema.json. What is as it was for the job before is not worded again:
// a million jobs may have the same worker, and the same second.
type Objects struct {
	how    how
	middle []byte // how the job ended
	second uint64 // since 1970
	date   []byte // of it
	took   uint64
	end    []byte // how long the job took, and the end of the line
}

// how is what middle is about.
type how struct {
	ending        Ending
	code          uint64
	cause, worker string
	attempt       int
}

// Append appends a job with what it printed.
func (o *Objects) Append(dst []byte, j *Job, stdout, stderr []byte) []byte {
	dst = AppendBegin(dst, j.Seq)
	dst = AppendRecord(dst, j)
	dst = AppendBytes(dst, "stdout", stdout)
	dst = AppendBytes(dst, "stderr", stderr)
	return o.AppendEnd(dst, j)
}

// AppendBegin appends the beginning of an object, behind which its members go.
func AppendBegin(dst []byte, seq uint64) []byte {
	return strconv.AppendUint(append(dst, `{"seq":`...), seq, 10)
}

// AppendRecord appends the record of a job.
func AppendRecord(dst []byte, j *Job) []byte {
	if j.Record == nil {
		return append(dst, `,"job":null`...)
	}
	return AppendBytes(dst, "job", j.Record)
}

// AppendEnd appends all else that is known of a job, and the end of the object.
func (o *Objects) AppendEnd(dst []byte, j *Job) []byte {
	if now := (how{j.Ending, j.Code, j.Cause, j.Worker, j.Attempt}); len(o.middle) == 0 || now != o.how {
		o.how, o.middle = now, appendHow(o.middle[:0], j)
	}
	dst = append(dst, o.middle...)
	if j.Worker == "" {
		return append(dst, `,"start":null,"seconds":null}`+"\n"...)
	}
	dst = append(dst, `,"start":`...)
	if j.Start > lastTime {
		dst = append(dst, "null"...)
	} else {
		if second := j.Start / 1e6; second != o.second || len(o.date) == 0 {
			o.second = second
			o.date = time.Unix(int64(second), 0).UTC().AppendFormat(o.date[:0], `"2006-01-02T15:04:05`)
		}
		dst = append(dst, o.date...)
		dst = appendMicros(dst, j.Start%1e6)
		dst = append(dst, `Z"`...)
	}
	if j.Took != o.took || len(o.end) == 0 {
		o.took = j.Took
		o.end = strconv.AppendUint(append(o.end[:0], `,"seconds":`...), j.Took/1e6, 10)
		o.end = appendMicros(o.end, j.Took%1e6)
		o.end = append(o.end, "}\n"...)
	}
	return append(dst, o.end...)
}

// lastTime is the last microsecond of the year 9999: RFC 3339 has years of four
// digits. A worker whose clock says more is not believed.
const lastTime = 253402300800_000_000 - 1

// appendHow appends how a job ended, and where.
func appendHow(dst []byte, j *Job) []byte {
	exit, signal := "null", "null"
	switch code := strconv.FormatUint(j.Code, 10); j.Ending {
	case Exited:
		exit = code
	case Signaled:
		signal = code
	}
	dst = append(append(dst, `,"exit":`...), exit...)
	dst = append(append(dst, `,"signal":`...), signal...)
	dst = appendWords(append(dst, `,"error":`...), j.Cause)
	dst = appendWords(append(dst, `,"worker":`...), j.Worker)
	return strconv.AppendInt(append(dst, `,"attempts":`...), int64(j.Attempt), 10)
}

// appendWords appends a text for people, or null for none.
func appendWords(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, "null"...)
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return append(appendEscaped(append(dst, '"'), []byte(text)), '"')
}

// appendMicros appends less than a second as decimals.
func appendMicros(dst []byte, micros uint64) []byte {
	n := len(dst)
	dst = append(dst, ".000000"...)
	for i := n + 6; micros > 0; i-- {
		dst[i] += byte(micros % 10)
		micros /= 10
	}
	return dst
}
