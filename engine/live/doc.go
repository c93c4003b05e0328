// Package live is what is known of a run while it goes on: the figures that a
// page, a line of progress or a closing summary show. It is pure: what happened
// and the time go in, a Run comes out. There is no goroutine, clock or socket in
// it.
//
//	Run       the run at one moment, and what it waits for, in words
//	Lane      what the slots of a worker did in the last minute, second by second
//	Durations how long jobs took
//	Recent    the last failures
//
// The event loop (package server) owns Lane, Durations and Recent, and fills in a
// Run when somebody asks for one. A Run is a copy: whoever has it may keep it.
package live
