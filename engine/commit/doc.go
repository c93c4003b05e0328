// Package commit keeps a journal beside the results of a run, so that after a
// crash at any moment the two can be brought together again: see package journal
// for what stands in it.
//
// The order of things, and why it is safe:
//
//   - Results are written first, then the record that says so. A process that is
//     killed between the two leaves results that no record knows of, and Open cuts
//     them off.
//   - A Log syncs the results, writes that down, and syncs the journal, once a
//     second and whenever much has been written. After a power cut what was not
//     synced may be there or not, in both files: Open goes back to the last record
//     whose results have the right checksum.
//   - What was synced must be there. Where it is not, somebody has changed the
//     files, and Open refuses without touching them.
//   - Open and checkpoints write the journal as a new file and rename it. So a
//     header is never torn, and whatever was wrong at the end of a journal is
//     gone before anything is appended.
//
// After the first error nothing more is written or synced: a second fsync may
// succeed though the first one lost data.
package commit
