package cmdline

import (
	"fmt"
	"os"
	"strings"

	"github.com/jobpipe/jobpipe/engine/command"
)

// Command returns the command in what kong left over. Behind -- there must be
// one, and a file that cannot be run is most likely the input.
func Command(rest []string) ([]string, error) {
	if len(rest) == 0 {
		return nil, nil
	}
	if rest[0] == "--" {
		if len(rest) == 1 {
			return nil, fmt.Errorf("there is no command behind --; write it there, or leave the -- out")
		}
		return rest[1:], nil
	}
	if info, err := os.Stat(rest[0]); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 == 0 {
		return nil, fmt.Errorf("%s is no command, as it is not executable; jobs come from the stdin of jobpipe: < %s", rest[0], rest[0])
	}
	return rest, nil
}

// Lines finds fault with a command that is to answer line by line.
func Lines(command []string) error {
	for i, arg := range command {
		if i > 0 && strings.Contains(arg, "{}") {
			return fmt.Errorf("the argument %s of the command has {}, which stands for one record; with --lines all come on its stdin, so leave one of them out", arg)
		}
	}
	return nil
}

// Fit returns how many of so many slots there are descriptors for, and says so
// where that is less.
func Fit(slots int, say func(string, ...any)) int {
	fit, limit := command.Fit(slots)
	if fit < slots {
		say("ulimit -n %d is enough for %d jobs at a time, not for %d", limit, fit, slots)
	}
	return fit
}
