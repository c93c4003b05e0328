// Package journal is what a run remembers of itself, so that the same command
// line goes on after a crash: which jobs are done, where the results ended by
// then and the checksum of all of them, and the checksums of the input that the
// jobs came from. It is pure: bytes in, a State out, and the other way round.
// Package commit keeps the file, and says when what is on disk.
//
// A journal begins with a header, which holds a whole State and which is written
// as a new file that takes the place of the old one: it is never torn. Records
// follow, appended as results are written. All are frames:
//
//	magic "JPJ1"
//	frame  u32 length of body | u32 checksum | body      (little-endian)
//
// The checksum is the CRC-32C of the checksum before it, the length and the
// body. So a frame is good only behind the one that it was written behind, and
// yet can be told from noise when that one is damaged. The first byte of a body
// says what it is:
//
//	H  header: a State
//	R  results: jobs that are done, the end and checksum of the results with theirs
//	S  so much of the results, and of the journal, is on disk
//	X  the end of a run that was left in order: all of it is on disk
//
// Integers in bodies are varints, checksums u32. A list of jobs is its number of
// ranges and then, for each, the jobs between the range before and this one, and
// the jobs in it.
package journal
