// Package engine is the coordinator: it puts the parts of a run together and
// takes them apart again. The way of the data, a package each:
//
//	split     cuts stdin into ranges of jobs
//	batch     ranges, and the memory they lie in
//	schedule  which worker gets which jobs (pure)
//	server    the event loop: frames in, frames out
//	accept    lets workers in
//	order     what is written when (pure)
//	render    words what became of a job (pure)
//	output    writes stdout, stderr and the temporary file
//	journal   what a run remembers of itself (pure)
//	commit    keeps the journal beside the results, and goes on from it
//	disk      what it needs of a file system
//	message   what there is to say, for people or structured
//	trace     what every slot did when
//	live      what is known of a run while it goes on (pure)
//	progress  words how far the run is
//	watch     shows it over HTTP
//	socket    what package net lacks
//
// A worker's side is worker, and below it command: one process for each job, or
// in line mode one that answers job after job. machine tells it when to start none.
// This machine's own workers are that same package at the other end of a
// private Unix socket. The two command lines call Open and Run of this package,
// and Run of worker; key finds what both need.
package engine
