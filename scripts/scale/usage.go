//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is how long a process has had a processor, in all threads.
func processorTime(pid int) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil { // clock_getcpuclockid(3)
		return 0
	}
	return time.Duration(t.Nano())
}

// peakOf is how many bytes a process has had in memory at most, and memoryOf how
// many it has now.
func peakOf(pid int) int64   { return statusOf(pid, "VmHWM") }
func memoryOf(pid int) int64 { return statusOf(pid, "VmRSS") }

func statusOf(pid int, field string) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\n"+field+":")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, _ := strconv.ParseInt(number, 10, 64)
	return kib << 10
}
