// Package message is how a program speaks to its user on stderr: in sentences, or,
// with --verbose, in structured lines of package log/slog, one for each thing that
// matters.
//
// What there is to say is said once, for both: what happened, in a few words that are
// always the same, and attributes; and for people a sentence, if they are to be told
// at all. Nothing of a job is among them but its number.
//
// Whoever connects again and again, or does something else without end, could fill
// a disk: of the same thing only so many lines are written in a minute, and then
// how many more there were.
//
// Text of others that stands in a structured line is quoted by slog, with all that
// is no plain character escaped. In sentences it is for the caller to clean.
package message
