package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A mishap is what happens at the at-th system call by which a process changes
// one of some files, counted over all its threads, which strace(1) does not do.
type mishap struct {
	at   int
	what string
}

const (
	kill  = "kill"  // the process, before the call does anything
	torn  = "torn"  // the process, when a write has done half of it
	short = "short" // a write does half of it, and says so
	eio   = "EIO"   // the call does nothing, and fails
	full  = "ENOSPC"
)

// changing are the calls that are counted, by number.
var changing = map[uint64]string{
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite", unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fsync",
	unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_RENAME: "rename", unix.SYS_RENAMEAT: "rename", unix.SYS_RENAMEAT2: "rename",
	unix.SYS_OPENAT: "open",
}

// A tracer runs one process with one fault.
type tracer struct {
	pid   int
	dir   string
	fault mishap
	calls []string     // that were counted
	hit   map[int]bool // by thread
}

// traced runs a command whose files of interest are directly in dir. It returns
// the calls that were counted, up to the fault and beyond, and the exit status.
func traced(dir string, f mishap, argv []string, files []*os.File, env []string) (calls []string, status int, err error) {
	t := &tracer{dir: dir, fault: f, hit: map[int]bool{}}
	status, err = follow(t, argv, &os.ProcAttr{Dir: dir, Env: env, Files: files})
	return t.calls, status, err
}

// A follower is told what a process does.
type follower interface {
	begun(pid int) error // its memory is there, and nothing has run yet
	enter(tid int)       // a thread begins a system call
	leave(tid int)       // it ends
}

// follow runs a process to its end, and returns its exit status.
func follow(f follower, argv []string, attr *os.ProcAttr) (status int, err error) {
	attr.Sys = &syscall.SysProcAttr{Ptrace: true}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // only this thread may speak to the process
		status, err = followHere(f, argv, attr)
	}()
	<-done
	return status, err
}

func followHere(f follower, argv []string, attr *os.ProcAttr) (int, error) {
	p, err := os.StartProcess(argv[0], argv, attr)
	if err != nil {
		return 0, err
	}
	pid := p.Pid
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil || !ws.Stopped() {
		return 0, fmt.Errorf("the process did not stop: %w", err)
	}
	// Threads are followed, and processes are not.
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := syscall.PtraceSetOptions(pid, options); err != nil {
		return 0, err
	}
	if err := f.begun(pid); err != nil {
		return 0, err
	}
	if err := syscall.PtraceSyscall(pid, 0); err != nil {
		return 0, err
	}
	inCall := map[int]bool{} // by thread
	for {
		// Children of other threads are other tests'.
		tid, err := syscall.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, err
		case ws.Exited() || ws.Signaled():
			if tid == pid {
				_ = p.Release()
				if ws.Signaled() {
					return 128 + int(ws.Signal()), nil
				}
				return ws.ExitStatus(), nil
			}
			continue
		}
		pass := 0
		switch sig := ws.StopSignal(); {
		case sig == syscall.SIGTRAP|0x80:
			if inCall[tid] = !inCall[tid]; inCall[tid] {
				f.enter(tid)
			} else {
				f.leave(tid)
			}
		case sig == syscall.SIGTRAP || sig == syscall.SIGSTOP: // a new thread
		default:
			pass = int(sig)
		}
		_ = syscall.PtraceSyscall(tid, pass) // fails when it was killed in between
	}
}

func (t *tracer) begun(pid int) error {
	t.pid = pid
	return nil
}

func (t *tracer) enter(tid int) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return
	}
	name, ok := changing[regs.Orig_rax]
	if !ok {
		return
	}
	file, ok := t.target(tid, &regs)
	if !ok {
		return
	}
	t.calls = append(t.calls, name+" "+file)
	if len(t.calls) != t.fault.at {
		return
	}
	write := name == "write" || name == "pwrite"
	switch {
	case t.fault.what == kill || t.fault.what == torn && !write:
		_ = syscall.Kill(t.pid, syscall.SIGKILL)
		return
	case t.fault.what == short && !write:
		return
	case t.fault.what == short || t.fault.what == torn:
		regs.Rdx /= 2
	default:
		regs.Orig_rax = ^uint64(0)
	}
	t.hit[tid] = t.fault.what != short
	_ = syscall.PtraceSetRegs(tid, &regs)
}

// leave is for the call that was hit.
func (t *tracer) leave(tid int) {
	if !t.hit[tid] {
		return
	}
	t.hit[tid] = false
	var regs syscall.PtraceRegs
	errno := syscall.EIO
	switch t.fault.what {
	case torn:
		_ = syscall.Kill(t.pid, syscall.SIGKILL)
		return
	case full:
		errno = syscall.ENOSPC
	}
	if syscall.PtraceGetRegs(tid, &regs) == nil {
		regs.Rax = -uint64(errno)
		_ = syscall.PtraceSetRegs(tid, &regs)
	}
}

// target returns which of our files a call is about.
func (t *tracer) target(tid int, regs *syscall.PtraceRegs) (string, bool) {
	path := ""
	switch regs.Orig_rax {
	case unix.SYS_RENAME:
		path = text(tid, uintptr(regs.Rdi))
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		path = text(tid, uintptr(regs.Rsi))
	case unix.SYS_OPENAT:
		if path = text(tid, uintptr(regs.Rsi)); regs.Rdx&(unix.O_CREAT|unix.O_TRUNC) == 0 {
			return "", false
		}
	default:
		path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(regs.Rdi)))
	}
	if path == t.dir {
		return ".", true
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(t.dir, path)
	}
	name, ok := strings.CutPrefix(path, t.dir+"/")
	return name, ok && (strings.HasPrefix(name, "journal") || name == "results")
}

// text reads a string of the process.
func text(tid int, addr uintptr) string {
	var b [256]byte
	n, err := syscall.PtracePeekData(tid, addr, b[:])
	if err != nil && n == 0 {
		return ""
	}
	s, _, _ := strings.Cut(string(b[:n]), "\x00")
	return s
}
