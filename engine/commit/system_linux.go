package commit

import (
	"fmt"
	"os"
	"strings"
)

// Boot is the same as long as the system runs.
func (system) Boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// again opens the file behind a descriptor once more, for reading and writing
// anywhere, whatever the descriptor is for. It returns its name, too.
func again(f *os.File) (*os.File, string, error) {
	link := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	name, err := os.Readlink(link)
	if err != nil {
		return nil, "", err
	}
	second, err := os.OpenFile(link, os.O_RDWR, 0)
	return second, name, err
}
