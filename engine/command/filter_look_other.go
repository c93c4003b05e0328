//go:build !linux

package command

import "time"

// firstDoubt is how long a process is still before it is taken to wait for input.
// This system does not tell what a process is doing, so a command that needs
// longer for a record, and gets no other meanwhile, costs a process a record.
const firstDoubt = 50 * time.Millisecond

func (p *process) doing() doing { return unsure }

func (p *process) unread() (n int, known bool) { return 0, false }

// widen makes a pipe larger, where that is possible.
func widen(int) {}
