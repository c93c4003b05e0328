// Package integration tests the real binaries, end to end: both are built once
// and then used as a user would, on loopback and in network namespaces.
//
// Most tests are scripts in testdata/script, named after what the user does;
// each has a home, a key and a directory for temporary files of its own. What
// they can say besides the commands of testscript is listed in commands_test.go.
// The jobs are often the program "job" (job_test.go), which logs each of its
// executions, so that the oracle (oracle_test.go) can tell lost, duplicated,
// unexpected and torn results apart. After each test there may be no process,
// socket or file left of it (leftovers_test.go).
//
// Each case of RELIABILITY.md names its tests. TestRandomFaults (soak_test.go) has
// a nemesis (nemesis_test.go) strike workers, the coordinator, and the weather
// (weather_test.go) between them.
//
// With -args -raced the binaries have the race detector, too; whatever it finds
// in them is a failure, also in one that was to be killed.
//
// What --http shows is tested by the module in watch, which needs a browser.
//
// Nothing is asserted about time but a deadline far off. Past it the process is
// made to dump its goroutines, and the test fails. A test for which the machine
// lacks a tool is skipped, and fails with CI=true.
package integration
