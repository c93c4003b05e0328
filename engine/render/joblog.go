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

// A Joblog words jobs as lines of GNU parallel's joblog, byte for byte as
// print_joblog there makes them. What is as it was for the job before is not worded
// again.
type Joblog struct {
	worker  string
	host    []byte
	second  uint64 // since 1970
	since   []byte // the same
	took    uint64
	runtime []byte
}

// Append appends the line of a job. The command is the record; a newline in it,
// which would end the line, is NUL, as it is there.
func (l *Joblog) Append(dst []byte, j *Job) []byte {
	if j.Worker != l.worker || len(l.host) == 0 {
		l.worker, l.host = j.Worker, append(l.host[:0], host(j.Worker)...)
	}
	start := millis(j.Start)
	if second := start / 1000; second != l.second || len(l.since) == 0 {
		l.second, l.since = second, strconv.AppendUint(l.since[:0], second, 10)
	}
	if j.Took != l.took || len(l.runtime) == 0 {
		l.took, l.runtime = j.Took, appendRuntime(l.runtime[:0], millis(j.Took))
	}
	dst = strconv.AppendUint(dst, j.Seq, 10)
	dst = append(dst, '\t')
	dst = append(dst, l.host...)
	dst = append(dst, '\t')
	dst = append(dst, l.since...)
	dst = appendThousandths(dst, start%1000)
	dst = append(dst, '\t')
	dst = append(dst, l.runtime...)
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

// millis rounds microseconds.
func millis(micros uint64) uint64 { return micros/1000 + micros%1000/500 }

// appendRuntime appends seconds with three decimals in at least ten columns.
func appendRuntime(dst []byte, millis uint64) []byte {
	var digits [20]byte
	seconds := strconv.AppendUint(digits[:0], millis/1000, 10)
	for n := len(seconds); n < 10-len(".000"); n++ {
		dst = append(dst, ' ')
	}
	return appendThousandths(append(dst, seconds...), millis%1000)
}

func appendThousandths(dst []byte, n uint64) []byte {
	return append(dst, '.', '0'+byte(n/100), '0'+byte(n/10%10), '0'+byte(n%10))
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
