package render

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AppendObject appends a job with its result as an object on a line of its own.
// The schema is man/result.schema.json.
func AppendObject(dst []byte, j *Job, stdout, stderr []byte) []byte {
	dst = AppendSeq(dst, j.Seq)
	dst = AppendRecord(dst, j)
	dst = AppendBytes(dst, "stdout", stdout)
	dst = AppendBytes(dst, "stderr", stderr)
	return AppendEnd(dst, j)
}

// AppendSeq appends the beginning of an object.
func AppendSeq(dst []byte, seq uint64) []byte {
	return strconv.AppendUint(append(dst, `{"seq":`...), seq, 10)
}

// AppendRecord appends the record of a job.
func AppendRecord(dst []byte, j *Job) []byte {
	if j.Record == nil {
		return append(dst, `,"job":null`...)
	}
	return AppendBytes(dst, "job", j.Record)
}

// AppendEnd appends what is known of a job besides its record and what it printed,
// and the end of the object and of the line.
func AppendEnd(dst []byte, j *Job) []byte {
	switch {
	case j.Ending == Exited:
		dst = strconv.AppendUint(append(dst, `,"exit":`...), j.Code, 10)
		dst = append(dst, `,"signal":null`...)
	case j.Ending == Signaled:
		dst = append(dst, `,"exit":null,"signal":`...)
		dst = strconv.AppendUint(dst, j.Code, 10)
	default:
		dst = append(dst, `,"exit":null,"signal":null`...)
	}
	dst = appendWords(append(dst, `,"error":`...), j.Cause)
	dst = appendWords(append(dst, `,"worker":`...), j.Worker)
	dst = append(dst, `,"attempts":`...)
	dst = strconv.AppendInt(dst, int64(j.Attempt), 10)
	if j.Worker == "" {
		return append(dst, `,"start":null,"seconds":null}`+"\n"...)
	}
	dst = appendTime(append(dst, `,"start":`...), j.Start)
	dst = append(dst, `,"seconds":`...)
	dst = strconv.AppendUint(dst, j.Took/1e6, 10)
	dst = appendDigits(append(dst, '.'), j.Took%1e6, 6)
	return append(dst, "}\n"...)
}

// appendWords appends a text that we have made, or null for none.
func appendWords(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, "null"...)
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return append(appendEscaped(append(dst, '"'), []byte(text)), '"')
}

// lastTime is the last microsecond of the year 9999, which has as many digits as
// RFC 3339 has.
const lastTime = 253402300800_000_000 - 1

// appendTime appends microseconds since 1970 as RFC 3339 has it, or null where a
// worker's clock is from another world.
func appendTime(dst []byte, micros uint64) []byte {
	if micros > lastTime {
		return append(dst, "null"...)
	}
	t := time.Unix(int64(micros/1e6), 0).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendDigits(append(dst, '"'), uint64(year), 4)
	dst = appendDigits(append(dst, '-'), uint64(month), 2)
	dst = appendDigits(append(dst, '-'), uint64(day), 2)
	dst = appendDigits(append(dst, 'T'), uint64(hour), 2)
	dst = appendDigits(append(dst, ':'), uint64(minute), 2)
	dst = appendDigits(append(dst, ':'), uint64(second), 2)
	dst = appendDigits(append(dst, '.'), micros%1e6, 6)
	return append(dst, `Z"`...)
}

// appendDigits appends n as so many digits.
func appendDigits(dst []byte, n uint64, digits int) []byte {
	dst = append(dst, "000000"[:digits]...)
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] += byte(n % 10)
		n /= 10
	}
	return dst
}
