package main

import (
	"os"
	"runtime/debug"
)

// besides is what the runtime may use beyond --buffer. With the program itself
// and what is allocated between two collections it is within 64 MiB.
const besides = 48 << 20

// limitMemory has garbage collected in time: else the heap grows to twice what
// is held, and --buffer would be half of what it says. Who sets GOMEMLIMIT
// knows better.
func limitMemory(buffer int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(buffer + besides)
	}
}
