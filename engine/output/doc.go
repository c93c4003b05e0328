// Package output is the writer: one goroutine that carries out the operations
// of package order on stdout, stderr and the temporary file, and writes the
// records for --failed, the joblog and jobpipe's own lines for stderr. All of it
// is written in the order in which it was handed in, by this goroutine alone, so
// that what jobs print on stderr is never torn. A result that is not written as it
// came, and too large to be held, is worded here, in stretches, by package render. Only while stdout is a pipe that
// takes nothing, messages go past the results that wait. The status, which says how far the
// run is, is drawn by the same goroutine and makes way for all the rest.
//
// The event loop hands in work with Submit, Failed, Joblog and Message, which
// never wait. The writer rings a doorbell when something was carried out, unless that is
// hushed; the loop then collects it with Completed. The queue has no bound of its own: credit,
// given back when results are written, bounds it, and for records and messages
// Backlog tells.
//
// When results cannot be written, Err says so for good, and no result is
// completed from then on, since nobody may take it for written.
package output
