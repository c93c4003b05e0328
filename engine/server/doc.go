// Package server is the coordinator's event loop: bytes of worker connections
// become frames, frames become events of the scheduler and the order stage, and
// their actions become frames and writes again. It holds no policy of its own.
//
// One goroutine, the single gnet event loop, owns everything in Server and in
// every peer. Others reach it in three ways only: Enroll hands a connection
// over, Stop asks for an early end, and Kick asks the loop to look at the
// channels and queues that it drains. A turn is one pass over all of that: it
// takes what has come, lets the scheduler dispatch, and writes each connection
// once with whatever is ready by then. No timer holds anything back: one job
// alone goes at once, a flood goes in big frames.
//
// Accepting and authenticating happen elsewhere, before Enroll. gnet has no
// bound on what it buffers in either direction, so the protocol has: jobs by
// the scheduler's credit, results by that of Welcome, records of more than a
// frame by pings among their parts. A panic while handling a peer's bytes
// costs that connection only.
package server
