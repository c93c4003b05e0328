//go:build !linux

package command

import (
	"os"
	"os/signal"
	"syscall"
)

// pipe makes a pipe that no child inherits.
func pipe(p *[2]int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(p[:]); err != nil {
		return err
	}
	syscall.CloseOnExec(p[0])
	syscall.CloseOnExec(p[1])
	return nil
}

func (p *process) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}

func (p *process) watch() { p.exit = waitInThread(p.pid) }

// tableFile makes a file without a name.
func tableFile() (*os.File, error) {
	f, err := os.CreateTemp("", "jobpipe-guard-")
	if err == nil {
		err = os.Remove(f.Name())
	}
	return f, err
}

func ownNiceness() int {
	n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return n
}

// ignored lists the signals that this process was started with ignored and
// that Go has not put a handler on.
func ignored() []syscall.Signal {
	var list []syscall.Signal
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}
