// Package accept opens the addresses that workers come to, and lets in those
// that have the key. It is the only part of the coordinator that strangers
// reach.
//
// A connection is a stranger until its first encrypted frame, a Hello, has been
// read and understood. Message one of the handshake alone proves nothing: it
// can be recorded and played again. A stranger gets five seconds from accept to
// Hello, 256 bytes, one small buffer and one goroutine. How many there are at
// once, in all and from one source, is bounded by the gate (gate.go), which is
// pure: no clock, no randomness, no goroutine.
//
// A worker that is let in is handed over with Config.Enroll, deadline cleared
// and not a byte of what follows its Hello taken off the socket. From there on
// the connection is the receiver's, which calls Left when it is gone.
//
// Accepting never ends by an error. When descriptors run out it pauses, says so
// and goes on; before that point it stops accepting, and those who come wait in
// the kernel's queue. Raising the soft limit of descriptors to the hard one is
// left to the Go runtime: it does so at start, and undoes it in child processes
// as long as the program does not set the limit itself.
//
// The engine makes one Acceptor, opens all addresses before it reads any input,
// and closes it before the event loop stops. The package knows nothing of jobs.
package accept
