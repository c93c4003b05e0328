package render

// An Ending is how a job ended.
type Ending uint8

// The endings of a job.
const (
	Exited   Ending = iota // by itself; Code is its status
	Signaled               // of a signal; Code is its number
	Ended                  // we ended it: it ran out of time, or printed too much
	Unrun                  // it could not be run, or nobody knows how it ended
)

// A Job is one that is settled, told by the attempt that counted.
type Job struct {
	Seq     uint64
	Record  []byte // without its delimiter; nil: it was too long to be kept
	Worker  string // empty: none has run it to its end
	Attempt int
	Start   uint64 // microseconds since 1970
	Took    uint64 // microseconds
	Ending  Ending
	Code    uint64
	Cause   string // why it failed, in words; empty: it succeeded

	Sent, Received int64 // bytes of the record with its delimiter, and of stdout
}
