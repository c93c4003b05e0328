// Package progress words how far a run is: one line with jobs done, rate, time
// left, workers and failures, made to fit the terminal it is meant for. At the end
// Closing words how it went.
//
// The engine renders a Line a few times a second and has the writer of package
// output draw it: this package writes nothing, starts nothing that draws, and
// takes the time from its caller. All it does by itself is to count, in Total,
// the jobs of an input that is a file. A page of package watch has its rate from
// here, too, in Pace.
package progress
