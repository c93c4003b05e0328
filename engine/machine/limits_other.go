//go:build !linux

package machine

import "errors"

var errUnknown = errors.New("not available on this system")

func load() (float64, error) { return 0, errUnknown }

func readMemory() (memory, error) { return memory{}, errUnknown }
