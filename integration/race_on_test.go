//go:build race

package integration

// raced: these tests, and the binaries under test, have the race detector.
const raced = true
