package integration

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A steppedClock is a process for which the wall clock jumps each time it looks: a
// year ahead, then a year back. The monotonic clock goes on as it does.
type steppedClock struct {
	asked map[int]uintptr // by thread: where the wall clock's time goes
	looks int
}

// begun hides the vDSO, with which a process reads the clock by itself: without
// one it calls the system. What the kernel tells a process of that lies behind its
// arguments and its environment on the stack.
func (c *steppedClock) begun(pid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	at := uintptr(regs.Rsp)
	word := func() (uint64, error) {
		var b [8]byte
		_, err := syscall.PtracePeekData(pid, at, b[:])
		at += 8
		return binary.LittleEndian.Uint64(b[:]), err
	}
	argc, err := word()
	if err != nil {
		return err
	}
	at += uintptr(argc+1) * 8
	for {
		switch env, err := word(); {
		case err != nil:
			return err
		case env != 0:
			continue
		}
		break
	}
	const null, ignore, vdso = 0, 1, 33 // of the auxiliary vector
	for {
		key, err := word()
		switch {
		case err != nil:
			return err
		case key == null:
			return errors.New("the process has no vDSO")
		case key == vdso:
			_, err := syscall.PtracePokeData(pid, at-8, binary.LittleEndian.AppendUint64(nil, ignore))
			return err
		}
		at += 8
	}
}

func (c *steppedClock) enter(tid int) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) == nil && regs.Orig_rax == unix.SYS_CLOCK_GETTIME && regs.Rdi == unix.CLOCK_REALTIME {
		c.asked[tid] = uintptr(regs.Rsi)
	}
}

func (c *steppedClock) leave(tid int) {
	at, ok := c.asked[tid]
	if !ok {
		return
	}
	delete(c.asked, tid)
	const year = 365 * 24 * 3600
	step := int64(year)
	if c.looks++; c.looks%2 == 0 {
		step = -year
	}
	var seconds [8]byte
	if _, err := syscall.PtracePeekData(tid, at, seconds[:]); err == nil {
		now := int64(binary.LittleEndian.Uint64(seconds[:]))
		_, _ = syscall.PtracePokeData(tid, at, binary.LittleEndian.AppendUint64(nil, uint64(now+step)))
	}
}

// TestWallClockSteps: the wall clock jumps by years, on either side. Nobody is
// taken for dead, no job runs out of time or is run twice, and nothing waits.
func TestWallClockSteps(t *testing.T) {
	const jobs = 60
	dir := must(filepath.EvalSymlinks(t.TempDir()))
	env := append(must(furnish(dir)), "PATH="+os.Getenv("PATH"))
	var in strings.Builder
	for i := range jobs {
		fmt.Fprintf(&in, "job %d\n", i+1)
	}
	read := func(name string) string { return string(must(os.ReadFile(filepath.Join(dir, name)))) }
	must(0, os.WriteFile(filepath.Join(dir, "jobs"), []byte(in.String()), 0o644))
	clocks := [2]*steppedClock{{asked: map[int]uintptr{}}, {asked: map[int]uintptr{}}}
	ended := make(chan error, len(clocks))
	start := func(i int, name, stdin string, argv ...string) {
		files := []*os.File{must(os.Open(stdin)), must(os.Create(filepath.Join(dir, name+".out"))), must(os.Create(filepath.Join(dir, name+".err")))}
		argv[0] = must(exec.LookPath(argv[0]))
		go func() {
			status, err := follow(clocks[i], argv, &os.ProcAttr{Dir: dir, Env: env, Files: files})
			for _, f := range files {
				f.Close()
			}
			if err == nil && status != 0 {
				err = fmt.Errorf("%s ends with status %d: %s", name, status, read(name+".err"))
			}
			ended <- err
		}()
	}
	start(0, "c", filepath.Join(dir, "jobs"), "jobpipe", "-v", "-k", "--progress", "always", "--timeout", "1m", "--rate", "100",
		"--speculate", "--format", "jsonl", "--joblog", "joblog", "--journal", "journal", "-l", "unix:sock")
	start(1, "w", os.DevNull, "jobpipe-worker", "-c", "unix:sock", "-j", "3", "--", "sh", "-c", `cat; echo $JOBPIPE_SEQ >>runs; sleep 0.05`)
	for range clocks {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(deadline):
			t.Fatalf("it does not end; the coordinator says %s, the worker %s", read("c.err"), read("w.err"))
		}
	}
	for i, c := range clocks {
		if c.looks < jobs/2 {
			t.Fatalf("process %d looked at the wall clock %d times only", i, c.looks)
		}
	}
	var got strings.Builder
	for _, m := range regexp.MustCompile(`"stdout":"(job \d+)\\n"`).FindAllStringSubmatch(read("c.out"), -1) {
		got.WriteString(m[1] + "\n")
	}
	if got.String() != in.String() {
		t.Errorf("the results are\n%s", read("c.out"))
	}
	if n := strings.Count(read("runs"), "\n"); n != jobs {
		t.Errorf("%d jobs were run, of %d", n, jobs)
	}
	for _, word := range []string{"lost", "silent", "cut off", "cancelled", "again", "stdout"} {
		if said := read("c.err") + read("w.err"); strings.Contains(said, word) {
			t.Errorf("it says %q:\n%s", word, said)
		}
	}
	for _, m := range regexp.MustCompile(`"seconds":([0-9.e+-]+)`).FindAllStringSubmatch(read("c.out"), -1) {
		if s := must(time.ParseDuration(m[1] + "s")); s < 0 || s > time.Minute {
			t.Errorf("a job is said to have taken %v", s)
		}
	}
}
