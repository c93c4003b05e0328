package command

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// A guard ends the process groups of jobs when we can not: when we are killed.
// It is a shell that waits for our end of a pipe to be closed, and then kills
// the groups in a table that it shares with us. While we live it sleeps; a job
// costs two small writes to memory.
//
// On Linux the jobs' first processes die without it, what those have started
// does not.
type guard struct {
	start sync.Once
	mu    sync.Mutex
	table *os.File // a line a group, blank where there is none; nil: there is no guard
	lines int64    // that were ever used
	free  []int64  // of those, the ones that are blank
	pipe  *os.File // nobody else has it
}

// guardScript ends at once when it is told to.
const guardScript = `read -r _ || kill -s KILL -- $(cat <&3)`

const tableLine = 16 // bytes: a page is so many whole lines

// ready starts the shell, the first time it is called.
func (g *guard) ready() { g.start.Do(g.begin) }

// begin starts the shell. Where that is not possible there is no guard, and jobs
// run all the same.
func (g *guard) begin() {
	table, err := tableFile()
	if err != nil {
		return
	}
	read, pipe, err := os.Pipe()
	if err != nil {
		table.Close()
		return
	}
	defer read.Close()
	shell := exec.Command("/bin/sh", "-c", guardScript)
	shell.Args[0] = "jobpipe-guard"
	shell.Dir = "/"
	shell.Stdin, shell.ExtraFiles = read, []*os.File{table}
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what a terminal sends is not for it
	if shell.Start() != nil {
		table.Close()
		pipe.Close()
		return
	}
	go func() { _ = shell.Wait() }()
	g.table, g.pipe = table, pipe
}

// add puts a group into the table, which must be ready. It returns its line, to
// be given back.
func (g *guard) add(group int) (line int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.table == nil {
		return 0
	}
	if n := len(g.free); n > 0 {
		line, g.free = g.free[n-1], g.free[:n-1]
	} else {
		line = g.lines
		g.lines++
	}
	g.write(line, fmt.Sprint(-group))
	return line
}

// remove is called when a group is gone, or is none of ours any more.
func (g *guard) remove(line int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.table != nil {
		g.write(line, "")
		g.free = append(g.free, line)
	}
}

// write is one system call within one page, so that a line is never torn.
func (g *guard) write(line int64, text string) {
	text += strings.Repeat(" ", tableLine-1-len(text)) + "\n"
	_, _ = g.table.WriteAt([]byte(text), line*tableLine)
}

// close ends the shell, without a look at the table.
func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.table == nil {
		return
	}
	_, _ = g.pipe.WriteString("\n")
	_ = g.pipe.Close()
	_ = g.table.Close()
	g.table = nil
}
