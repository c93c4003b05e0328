package trace

import (
	"encoding/json"
	"strconv"
)

// An Event is one entry of a trace. Times are in microseconds since the run
// began.
type Event struct {
	Name     string `json:"name"`
	Category string `json:"cat"`
	Phase    string `json:"ph"` // see below
	Time     int64  `json:"ts"`
	Took     int64  `json:"dur"` // of a Complete event
	Process  uint64 `json:"pid"`
	Thread   int    `json:"tid"`
	ID       ID     `json:"id2"` // joins Begin and End
	Args     Args   `json:"args"`
}

// The phases of events.
const (
	Complete = "X" // something that took time, on a thread
	Begin    = "b" // of a span beside the threads, of which many may overlap
	End      = "e"
	Instant  = "i"
	Metadata = "M" // the name of a process or a thread
)

// ID is a name that holds for one process.
type ID struct {
	Local string `json:"local"`
}

// Args is what else there is to know. What is 0 or empty is left out.
type Args struct {
	Seq     uint64 `json:"seq"`   // the first job
	Count   uint64 `json:"count"` // jobs
	Attempt uint64 `json:"attempt"`
	Outcome string `json:"outcome"`
	Name    string `json:"name"` // of Metadata
}

// Append appends e to dst, as an element of an array that is followed by another.
func Append(dst []byte, e *Event) []byte {
	dst = appendString(append(dst, `{"name":`...), e.Name)
	if e.Category != "" {
		dst = appendString(append(dst, `,"cat":`...), e.Category)
	}
	dst = appendString(append(dst, `,"ph":`...), e.Phase)
	dst = strconv.AppendInt(append(dst, `,"ts":`...), e.Time, 10)
	switch e.Phase {
	case Complete:
		dst = strconv.AppendInt(append(dst, `,"dur":`...), e.Took, 10)
	case Instant:
		dst = append(dst, `,"s":"t"`...) // its scope: a thread
	}
	dst = strconv.AppendUint(append(dst, `,"pid":`...), e.Process, 10)
	dst = strconv.AppendInt(append(dst, `,"tid":`...), int64(e.Thread), 10)
	if e.ID.Local != "" {
		dst = append(appendString(append(dst, `,"id2":{"local":`...), e.ID.Local), '}')
	}
	dst = e.Args.append(append(dst, `,"args":{`...))
	return append(dst, "}},\n"...)
}

func (a *Args) append(dst []byte) []byte {
	begun := len(dst)
	field := func(name string) {
		if len(dst) > begun {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), name...), `":`...)
	}
	for _, n := range []struct {
		name  string
		value uint64
	}{{"seq", a.Seq}, {"count", a.Count}, {"attempt", a.Attempt}} {
		if n.value != 0 {
			field(n.name)
			dst = strconv.AppendUint(dst, n.value, 10)
		}
	}
	for _, s := range []struct{ name, value string }{{"outcome", a.Outcome}, {"name", a.Name}} {
		if s.value != "" {
			field(s.name)
			dst = appendString(dst, s.value)
		}
	}
	return dst
}

// appendString appends s in quotes. Names of workers may hold anything.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // of a string it does not fail
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}
