package render

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
)

// JoblogHeader is the first line of a joblog.
const JoblogHeader = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"

// nobody stands for the worker of a job that had none: the field may not be empty.
const nobody = "-"

// endedBy is the signal that a joblog gives for jobs that were ended, as GNU
// parallel does.
const endedBy = 15

// AppendJoblog appends the job's line of GNU parallel's joblog, byte for byte as
// print_joblog there makes it. The command is the record; a newline in it, which
// would end the line, is NUL, as it is there.
func AppendJoblog(dst []byte, j *Job) []byte {
	dst = strconv.AppendUint(dst, j.Seq, 10)
	dst = append(dst, '\t')
	dst = append(dst, host(j.Worker)...)
	dst = append(dst, '\t')
	dst = appendMillis(dst, j.Start, 0)
	dst = append(dst, '\t')
	dst = appendMillis(dst, j.Took, 10)
	dst = append(dst, '\t')
	dst = strconv.AppendInt(dst, j.Sent, 10)
	dst = append(dst, '\t')
	dst = strconv.AppendInt(dst, j.Received, 10)
	switch j.Ending {
	case Exited:
		dst = append(dst, '\t')
		dst = strconv.AppendUint(dst, j.Code, 10)
		dst = append(dst, "\t0\t"...)
	case Signaled:
		dst = append(dst, "\t0\t"...)
		dst = strconv.AppendUint(dst, j.Code, 10)
		dst = append(dst, '\t')
	case Ended:
		dst = append(dst, "\t-1\t"...)
		dst = strconv.AppendUint(dst, endedBy, 10)
		dst = append(dst, '\t')
	case Unrun:
		dst = append(dst, "\t-1\t0\t"...)
	}
	from := len(dst)
	dst = append(dst, j.Record...)
	for line := dst[from:]; ; {
		i := bytes.IndexByte(line, '\n')
		if i < 0 {
			break
		}
		line[i] = 0
		line = line[i+1:]
	}
	return append(dst, '\n')
}

// appendMillis appends microseconds as seconds with three decimals, in at least
// so many columns.
func appendMillis(dst []byte, micros uint64, columns int) []byte {
	millis := micros/1000 + micros%1000/500
	var digits [24]byte
	text := strconv.AppendUint(digits[:0], millis/1000, 10)
	rest := millis % 1000
	text = append(text, '.', '0'+byte(rest/100), '0'+byte(rest/10%10), '0'+byte(rest%10))
	for n := len(text); n < columns; n++ {
		dst = append(dst, ' ')
	}
	return append(dst, text...)
}

// host is a worker's name without what would make it two fields for those who
// split lines at white space.
func host(name string) string {
	if name == "" {
		return nobody
	}
	if strings.IndexFunc(name, unicode.IsSpace) < 0 {
		return name
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, name)
}
