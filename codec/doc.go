// Package codec is the wire format: the opening that agrees on a key, the frames
// that follow it, and the messages in them. What it reads and writes is laid
// down in jobpipe-protocol(7), and drawn again beside the code for each part.
//
//	opening.go   the first bytes of both sides, and the verdict on them
//	noise.go     the handshake in them
//	cipher.go    what seals and opens frames after it
//	frame.go     one frame: Encoder, Decoder
//	vector.go    frames that are written together
//	compress.go  payloads inside frames, smaller
//	linked.go    payloads that refer to those before
//	greeting.go, jobs.go, results.go, control.go
//	             the messages, a struct with AppendX and ParseX for each
//	cursor.go, varint.go
//	             reading the fields of a message
//	limits.go    every number that bounds something
//
// The package does no I/O, starts no goroutine and never looks at a clock. Bytes
// go in, values come out, and the other way round; the caller reads and writes.
// Nothing in it is safe for concurrent use, nor needs to be: a Scratch and all
// that share it belong to one goroutine at a time.
//
// Everything that is parsed is taken as hostile. No allocation follows from a
// number that a peer sent; a payload has at most MaxPayload bytes both before
// and after decompression; each message has exactly one encoding, and all others
// are errors. A connection whose bytes gave an error has to be closed: nothing
// that follows can be made sense of, and the protocol has no message for errors.
// Errors are clauses in lower case for a log line that names the peer. They hold
// bytes of the peer only quoted.
//
// What a sender passes in is trusted to keep to the limits: a payload beyond
// MaxPayload is a bug of the caller, and panics. Only texts for people are cut
// to their limit on the way out.
package codec
