// Package worker is the worker's side of a connection: it takes jobs from a
// coordinator, runs them in slots, and gives the results back.
//
// Run dials, and dials again, and looks for one of several coordinators that has work
// (search, boredom); Serve works on a connection that is open, as the coordinator's own
// workers do. The way of a job:
//
//	reader → queue → slots → outbox → writer
//
// One goroutine reads, one writes, one runs each slot. They meet in link, whose
// mutex guards everything they share, so that the worker computes while its
// socket is busy. The queue holds ranges as they came; a slot splits one job
// off. The writer sends whatever is ready as one write, and never more bytes of
// results than the coordinator gave credit for. A result is kept until it is
// acknowledged or the connection is lost: then what the coordinator has not got
// runs again.
//
// A worker that is to leave retires: it gives back what has not started, and a
// Ping that follows makes sure that no more jobs are on their way when it says
// goodbye. See link.go.
//
// In line mode (lines) a slot gives whole ranges to a process that it keeps, and
// cuts what the process prints into answers to ranges. Bytes are copied when they
// come off the socket and when they go into a frame, and the memory in between is
// used again and again. An answer that does not fit a frame goes in parts as it
// comes, which are kept to be sent again as far as there is memory. How many jobs a worker has under way then depends on
// the command: for one that collects its answers it asks for more than one a slot.
//
// The package never looks into a record and takes nothing but data from the
// coordinator: what runs is the worker's own command line. What a coordinator
// can make it hold is bounded by the constants in limits.go.
package worker
