// Package command runs jobs as processes.
//
// New looks the program up once. A Slot then runs jobs one after another: the
// record goes in on stdin or, where an argument holds {}, in its place; what
// comes out on stdout and stderr is the Result. Every job is a session and a
// process group of its own, so it has no terminal to stop on, and its group is
// ended when the job is over, cancelled, out of time, or printing too much:
// TERM, and KILL to whoever is left after KillAfter. A process that keeps the
// job's pipes open does not hold the slot.
//
// A slot does everything in the goroutine that calls Run, around one poll(2),
// because waking goroutines would cost more than the rest of a small job.
//
// A Filter is a slot in line mode: it keeps one process, which answers record
// after record. It decides when to give it more, and when to close its stdin, by
// what the process is doing.
//
// The worker calls this package, with one goroutine a slot. It never looks
// into a record, never runs a shell (but for a program without a format that
// the system knows, as execvp does), and never retries.
//
// On Linux a job's first process is killed when the thread that started it
// dies, which is when the worker dies. Go ends a thread early only when a
// goroutine ends that is locked to it, so nothing in a program that runs jobs
// may end a goroutine without runtime.UnlockOSThread. What jobs have started is
// killed by the guard, a shell that waits for the end of the worker.
package command
