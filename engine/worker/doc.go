// Package worker is the worker's side of a connection: it takes jobs from a
// coordinator, runs them in slots, and gives the results back.
//
// Run dials, and dials again; Serve works on a connection that is open, as the
// coordinator's own workers do. The way of a job:
//
//	reader → queue → slots → outbox → writer
//
// One goroutine reads, one writes, one runs each slot. They meet in link, whose
// mutex guards everything they share, so that the worker computes while its
// socket is busy. The queue holds ranges as they came; a slot splits one job
// off. The writer sends whatever is ready as one write, and never more bytes of
// results than the coordinator gave credit for. A result is kept until it is
// acknowledged.
//
// In line mode (lines) a slot gives whole ranges to a process that it keeps, and
// cuts what the process prints into answers to ranges. Bytes are copied when they
// come off the socket and when they go into a frame, and the memory in between is
// used again and again.
//
// The package never looks into a record and takes nothing but data from the
// coordinator: what runs is the worker's own command line. What a coordinator
// can make it hold is bounded by the constants in limits.go.
package worker
