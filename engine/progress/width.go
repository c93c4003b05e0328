package progress

import (
	"os"

	"golang.org/x/sys/unix"
)

// usualWidth is taken for a terminal that does not know its own.
const usualWidth = 80

// Width gives the number of columns of the terminal that f is, at any time:
// its window may change. Where f is no terminal, it is 0.
func Width(f *os.File) func() int {
	return func() int {
		c, err := f.SyscallConn()
		if err != nil {
			return 0
		}
		width := 0
		_ = c.Control(func(fd uintptr) {
			size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
			switch {
			case err != nil:
			case size.Col == 0:
				width = usualWidth
			default:
				width = int(size.Col)
			}
		})
		return width
	}
}
