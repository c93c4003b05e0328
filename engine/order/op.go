package order

import "github.com/jobpipe/jobpipe/engine/render"

// A Receipt says which jobs are safe with the coordinator and how many bytes
// of credit go back to the worker that sent them.
type Receipt struct {
	Worker uint64
	Seq    uint64 // first job; of no meaning when Count is 0
	Count  int    // jobs from Seq on; 0: only credit returns
	Bytes  int    // credit
}

// Kind says what an operation does.
type Kind uint8

const (
	Stdout     Kind = iota + 1 // write Data to stdout
	Stderr                     // write Data to stderr
	Spill                      // keep Data at [Off, Off+Len) of the temporary file
	CopyStdout                 // write [Off, Off+Len) of the temporary file to stdout, and forget it
	CopyStderr                 // write [Off, Off+Len) of the temporary file to stderr, and forget it
	Free                       // forget [Off, Off+Len) of the temporary file
	Retry                      // move what is kept in memory to the temporary file
)

// An Op is one thing for the executor to do. It owns Data until it gives the
// op back with Stage.Done. Every byte that is spilled is copied or freed by
// exactly one later op; only then may its place be spilled to again.
type Op struct {
	Kind     Kind
	Data     []byte // may be empty
	Off, Len int64  // place in the temporary file

	// Form is what is made of the bytes that go to stdout; Whole, Len and Kept count
	// them as they are. An op of a form has nothing else in it.
	Form render.Form

	// Whole results, and nothing of others, are written with the first Whole bytes
	// of Data or of what is copied. In completion order they are those of Receipts,
	// in input order all before Frontier. Frontier is 0 where no result ends.
	Whole    int64
	Frontier uint64

	// Kept is set by the executor: by how many bytes the op changed the
	// memory that it holds for spilled data. Where the temporary file takes
	// no more, a Spill keeps Data (sets it to nil, and Kept to its capacity),
	// and the op that copies or frees those bytes, or a Retry that finds room
	// for them, gives them up again (sets Kept to less than zero).
	Kept int64

	// Receipts become due when the op is done. Adjacent ones of a worker are
	// merged. The executor only reads them.
	Receipts []Receipt

	room int64 // memory counted for Data
}

// addReceipt appends r, merged with the last one where they are adjacent.
func addReceipt(dst []Receipt, r Receipt) []Receipt {
	if r.Count == 0 && r.Bytes == 0 {
		return dst
	}
	if n := len(dst); n > 0 && dst[n-1].Worker == r.Worker {
		last := &dst[n-1]
		switch {
		case r.Count == 0:
			last.Bytes += r.Bytes
			return dst
		case last.Count == 0:
			r.Bytes += last.Bytes
			*last = r
			return dst
		case last.Seq+uint64(last.Count) == r.Seq:
			last.Count += r.Count
			last.Bytes += r.Bytes
			return dst
		}
	}
	return append(dst, r)
}
