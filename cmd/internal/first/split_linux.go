package first

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Split returns in the process that is to do the work. Without a child, which may not
// be had, that is the first process itself.
func Split() {
	if os.Getpid() != 1 {
		return
	}
	passed, ended := make(chan os.Signal, 8), make(chan os.Signal, 1)
	signal.Notify(passed, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	signal.Notify(ended, syscall.SIGCHLD)
	child, err := start()
	if err != nil {
		signal.Reset()
		return
	}
	for {
		select {
		case s := <-passed:
			_ = child.Signal(s)
		case <-ended:
			if status, over := reap(child.Pid); over {
				os.Exit(status)
			}
		}
	}
}

// start starts the program again. On a terminal it gets what is typed there, and the
// signals of keys: they are not to come a second time, by way of us.
func start() (*os.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	_, err = unix.IoctlGetTermios(0, unix.TCGETS)
	return os.StartProcess(self, os.Args, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setpgid: true, Foreground: err == nil},
	})
}

// reap takes note of all children that have ended, and tells the exit status of one of
// them if it has.
func reap(child int) (status int, over bool) {
	for {
		var w syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &w, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil || pid == 0:
			return 0, false
		case pid == child && w.Signaled():
			return 128 + int(w.Signal()), true
		case pid == child:
			return w.ExitStatus(), true
		}
	}
}
