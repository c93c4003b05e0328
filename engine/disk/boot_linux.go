package disk

import (
	"os"
	"strings"
)

// Boot is the same as long as the system runs.
func (System) Boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
