package render

// A Format is what a result looks like.
type Format uint8

// The formats.
const (
	Text       Format = iota // what the job printed, as it is
	TaggedText               // the same, with the job and a TAB before each line
	JSONLines                // an object for each job, also for one that failed
)

// String says what results are.
func (f Format) String() string {
	switch f {
	case Text:
		return "text"
	case TaggedText:
		return "text with --tag"
	}
	return "JSON Lines"
}
