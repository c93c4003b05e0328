// Package render words what became of jobs for other programs to read. It is
// pure: a Job goes in, bytes come out. It knows nothing of where they go.
//
//	joblog.go  a line about a job, as GNU parallel's --joblog has it
//	json.go    a job and its result as a JSON object on a line
//	tag.go     a result with the job before each line
//	string.go  bytes as a JSON string, in base64 where they are no UTF-8
//	encoder.go the same for what is too large to be held: in stretches, each in a form
package render
