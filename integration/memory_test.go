package integration

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// peakOf is how many bytes a process has had in memory at most.
func peakOf(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(status), "\nVmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil {
		return 0, fmt.Errorf("no VmHWM of process %d", pid)
	}
	return kib << 10, nil
}
