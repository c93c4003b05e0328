// Package order decides what is written when: results as they complete, or in
// the order of the input. It is pure: events go in, operations come out, and
// somebody else (package output) carries them out. There is no goroutine,
// clock or file in it.
//
// The event loop owns the Stage and keeps to this contract:
//
//   - Emit, EmitHold, Stderr and StderrHold say what jobs printed.
//   - After them, and after Done, call Ops, and have the operations carried
//     out one after the other in the order given.
//   - When one is carried out, give it back with Done.
//   - Then call Receipts, and tell the workers.
//
// What it promises: a result is written whole, once, and not mixed with
// another's; in input order the output is that of a serial run, byte for byte.
// Every job and every byte of credit given in a receipt comes back from
// Receipts exactly once. Memory for results that cannot be written yet stays
// within the budget; what goes beyond it is kept in the temporary file.
//
// Natural batching: results collect in one buffer while the executor is busy,
// so that a single result goes out at once and a flood in large writes.
package order
