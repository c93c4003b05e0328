package cmdline

import (
	"errors"

	"github.com/jobpipe/jobpipe/engine/message"
)

// Noise decides between --quiet and --verbose: an argument beats a variable.
func Noise(l *Line, quiet, verbose bool) (bool, bool, error) {
	if !quiet || !verbose {
		return quiet, verbose, nil
	}
	q, v := l.Given("quiet"), l.Given("verbose")
	if q == v {
		return false, false, errors.New("--quiet and --verbose ask for less and for more; decide for one of them")
	}
	return q, v, nil
}

// How is how much is said, as Noise has decided.
func How(quiet, verbose bool) message.How {
	switch {
	case quiet:
		return message.Quiet
	case verbose:
		return message.Verbose
	}
	return message.Usual
}
