//go:build !linux

package command

import "time"

// doubt is how long a process is still before it is taken to wait for input.
// This system does not tell what a process is doing, so a command that needs
// longer for a record, and gets no other meanwhile, costs a process a record.
const doubt = 50 * time.Millisecond

func (p *process) doing() doing { return unsure }

// widen makes a pipe larger, where that is possible.
func widen(int) {}
