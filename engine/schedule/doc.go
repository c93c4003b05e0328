// Package schedule decides which worker gets which jobs. It is a plain state
// machine: events and the time go in, actions come out. There is no goroutine,
// clock, socket or file in it, so that a simulation can play thousands of
// hostile schedules a second, and a failing one replays.
//
// Its caller owns it (in jobpipe: the event loop) and keeps to this contract:
//
//   - Tell it what happened: Add, EndOfInput, Stop, Join, Away, Return,
//     Leave, Answer, Failed, GiveBack, GaveBack, Slots, RoundTrip, Pause.
//   - Then call Dispatch, and some times a second Tick, and carry out every
//     action they return, in order. With a rate call Dispatch also when Due says.
//   - The time is a duration since any fixed moment and never goes back.
//
// What it promises: a job is settled (answered, failed for good, or lost for
// good) exactly once; a worker is never given more than its credit; no job
// waits while a worker that may run it has room, but when paused or when the rate
// is reached; and when
// nothing more waits, what slow workers have not started goes to those that are
// idle.
//
// State is kept by range, not by job. A range is split only where something
// goes wrong in it or an answer covers part of it.
package schedule
