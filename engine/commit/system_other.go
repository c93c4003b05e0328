//go:build !linux

package commit

import (
	"errors"
	"os"
)

// again opens a file once more, for reading and writing anywhere. It returns its
// name, too.
func again(f *os.File) (*os.File, string, error) {
	if f == os.Stdout {
		return nil, "", errors.New("on this system a journal needs --output FILE")
	}
	second, err := os.OpenFile(f.Name(), os.O_RDWR, 0)
	return second, f.Name(), err
}
