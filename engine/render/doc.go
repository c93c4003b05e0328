// Package render words what became of jobs for other programs to read. It is
// pure: a Job goes in, bytes come out. It knows nothing of where they go.
package render
