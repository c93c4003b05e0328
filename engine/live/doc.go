// Package live is what is known of a run while it goes on: the figures that a
// page, a line of progress or a closing summary show. It is pure: what happened
// and the time go in, a Run comes out. There is no goroutine, clock or socket in
// it.
//
//	Run       the run at one moment, and what it waits for, in words
//	Lane      what the slots of a worker did in the last minute, second by second
//	Durations how long jobs took
//	Recent    the last failures
//	Causes    how many jobs failed, by cause
//	Crew      the workers that have left
//	Brakes    what held the run back, and for how long
//	Closing   how the run went, told at its end
//
// The event loop (package server) owns these, and fills in a Run when somebody asks
// for one, and a Closing when it is over. Both are copies: whoever has one may keep it.
package live
