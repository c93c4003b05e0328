package cmdline

import "errors"

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
