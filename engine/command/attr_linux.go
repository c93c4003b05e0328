package command

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// pipe makes a pipe that no child inherits.
func pipe(p *[2]int) error { return syscall.Pipe2(p[:], syscall.O_CLOEXEC) }

// attributes asks for a descriptor of the process, which polls as readable
// when it has exited and leaves it to be waited for. Systems that have none
// (Linux before 5.4) leave exit at none.
func (p *process) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, PidFD: &p.exit}
	if withoutDescriptors {
		a.PidFD = nil
	}
	return a
}

var withoutDescriptors bool // for the test of old systems

func (p *process) watch() {
	if p.exit == none {
		p.exit = waitInThread(p.pid)
	}
}

// tableFile makes a file without a name.
func tableFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("jobpipe-guard", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "jobpipe-guard"), nil
}

func ownNiceness() int {
	n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return 20 - n // the system call, unlike the library, counts from 40 to 1
}

// ignored lists the signals that this process was started with ignored and
// that Go has not put a handler on.
func ignored() []syscall.Signal {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(status), "\nSigIgn:\t")
	line, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(line, 16, 64)
	if err != nil {
		return nil
	}
	var list []syscall.Signal
	for i := range 64 {
		if mask&(1<<i) != 0 {
			list = append(list, unix.Signal(i+1))
		}
	}
	return list
}
