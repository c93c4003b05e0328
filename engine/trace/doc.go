// Package trace writes down what every slot did when, in Chrome's trace event
// format, which Perfetto opens: an array of JSON objects, one a line.
//
//	Recorder   what happens in a run → events (pure)
//	File       events → a file, in the background and with bounded memory
//	Read       a file → events
//
// The rows. Process 0 is the coordinator: spans "queued", from when jobs were
// read until they were sent, and instants "written". Each connection of a worker
// is a process of its own: a thread for each slot with the jobs that it ran, and
// beside them spans "sent", until the jobs began, and "answered", from when they
// ended until their answers were read. An event is of one job, or in line mode of
// the range of jobs that were sent or answered together.
//
// When a job ran is what its worker says, set right by how its clock differs from
// ours. Which of its slots ran the job it does not say: a row is chosen that was
// free at the time, and so there are never more of them than slots.
package trace
