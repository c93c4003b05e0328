//go:build !linux

package socket

// Queued is not known here: what the system holds counts as arrived.
func Queued(int) int { return 0 }
