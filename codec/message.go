package codec

import "fmt"

// Type says which message a frame holds.
type Type uint8

// The messages, and who sends them.
const (
	TypeHello      Type = iota + 1 // worker: who I am
	TypeWelcome                    // coordinator: what holds for this run
	TypeRefuse                     // coordinator: why you cannot work here
	TypeJobs                       // coordinator: run these
	TypeJobPart                    // coordinator: a piece of one large job
	TypeAnswers                    // worker: line mode, answers to a range of jobs
	TypeResults                    // worker: how jobs ended, one by one
	TypeResultPart                 // worker: a piece of one large result
	TypeAck                        // coordinator: these results are safe; credit
	TypeRevoke                     // coordinator: give back jobs not yet started
	TypeGiveBack                   // worker: here they are
	TypeCancel                     // coordinator: stop these jobs
	TypeSlots                      // worker: so many jobs I run at a time from now on
	TypePing                       // both: are you there?
	TypePong                       // both: I am
	TypeOver                       // coordinator: the run is over
	TypeGoodbye                    // worker: I leave
	TypeHeld                       // worker: what I still have, on a new connection
	TypePrefer                     // coordinator: the result of this job before all others
)

var typeNames = [...]string{
	TypeHello: "Hello", TypeWelcome: "Welcome", TypeRefuse: "Refuse", TypeJobs: "Jobs",
	TypeJobPart: "JobPart", TypeAnswers: "Answers", TypeResults: "Results",
	TypeResultPart: "ResultPart", TypeAck: "Ack", TypeRevoke: "Revoke",
	TypeGiveBack: "GiveBack", TypeCancel: "Cancel", TypeSlots: "Slots",
	TypePing: "Ping", TypePong: "Pong", TypeOver: "Over", TypeGoodbye: "Goodbye",
	TypeHeld: "Held", TypePrefer: "Prefer",
}

func (t Type) known() bool { return t >= TypeHello && t <= TypePrefer }

func (t Type) String() string {
	if !t.known() {
		return fmt.Sprintf("type %d", uint8(t))
	}
	return typeNames[t]
}

// compressible tells whether frames of this type may be compressed: those whose
// size the user's data decides.
func (t Type) compressible() bool {
	switch t {
	case TypeJobs, TypeJobPart, TypeAnswers, TypeResults, TypeResultPart:
		return true
	}
	return false
}

// Span is the jobs Seq to Seq + Count - 1.
type Span struct{ Seq, Count uint64 }
