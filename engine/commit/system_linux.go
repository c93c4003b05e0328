package commit

import (
	"fmt"
	"os"
)

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
