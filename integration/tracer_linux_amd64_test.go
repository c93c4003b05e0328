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
	dir         string
	fault       mishap
	calls       []string     // that were counted
	inCall, hit map[int]bool // by thread
}

// traced runs a command whose files of interest are directly in dir. It returns
// the calls that were counted, up to the fault and beyond, and the exit status.
func traced(dir string, f mishap, argv []string, files []*os.File, env []string) (calls []string, status int, err error) {
	type outcome struct {
		status int
		err    error
	}
	t := &tracer{dir: dir, fault: f, inCall: map[int]bool{}, hit: map[int]bool{}}
	done := make(chan outcome)
	go func() {
		runtime.LockOSThread() // only this thread may speak to the process
		status, err := t.run(argv, files, env)
		done <- outcome{status, err}
	}()
	o := <-done
	return t.calls, o.status, o.err
}

func (t *tracer) run(argv []string, files []*os.File, env []string) (int, error) {
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Dir: t.dir, Env: env, Files: files, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
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
	if err := syscall.PtraceSyscall(pid, 0); err != nil {
		return 0, err
	}
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
			t.call(pid, tid)
		case sig == syscall.SIGTRAP || sig == syscall.SIGSTOP: // a new thread
		default:
			pass = int(sig)
		}
		_ = syscall.PtraceSyscall(tid, pass) // fails when it was killed in between
	}
}

// call handles the beginning or the end of a system call.
func (t *tracer) call(pid, tid int) {
	t.inCall[tid] = !t.inCall[tid]
	var regs syscall.PtraceRegs
	if !t.inCall[tid] {
		if t.hit[tid] {
			t.hit[tid] = false
			t.after(pid, tid, &regs)
		}
		return
	}
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
		_ = syscall.Kill(pid, syscall.SIGKILL)
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

// after is the end of the call that was hit.
func (t *tracer) after(pid, tid int, regs *syscall.PtraceRegs) {
	errno := syscall.EIO
	switch t.fault.what {
	case torn:
		_ = syscall.Kill(pid, syscall.SIGKILL)
		return
	case full:
		errno = syscall.ENOSPC
	}
	if syscall.PtraceGetRegs(tid, regs) == nil {
		regs.Rax = -uint64(errno)
		_ = syscall.PtraceSetRegs(tid, regs)
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
