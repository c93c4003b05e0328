//go:build !linux

package output

import (
	"os"
	"testing"
)

func mountTmpfs(t *testing.T, _ string) {
	t.Skip("needs Linux")
}

func pipeCapacity(*os.File) (int, error) { return 0, nil }

func openTerminal(t *testing.T) (other, terminal *os.File) {
	t.Skip("needs Linux")
	return nil, nil
}
