//go:build !linux

package disk

// Boot is unknown: after any stop, what was not on disk may be gone.
func (System) Boot() string { return "" }
