package integration

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// executions is the log of executions, in the directory of a test.
const executions = "executions"

// An execution is a line of that log.
type execution struct {
	seq, attempt, pid int
	worker, what      string // what is start or end
}

const executionFormat = "%d %d %d %s %s\n"

// job is the program "job": a command for workers. It reads a record, logs that
// it has begun, does what the record says, and prints the job's number and the
// checksum of the record. A record is any text; in it, words have a meaning:
//
//	until=FILE  wait for FILE to exist
//	exit=N      exit with status N, printing nothing
//	signal=N    die of signal N
//	worker=N    send signal N to the worker
//
// A word that ends with @N counts only in attempt N, with @NAME only on the
// worker of that name.
func job() {
	record, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	record = bytes.TrimSuffix(record, []byte("\n"))
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			fail(err)
		}
		return n
	}
	e := execution{
		seq: number("JOBPIPE_SEQ"), attempt: number("JOBPIPE_ATTEMPT"), pid: os.Getpid(),
		worker: os.Getenv("JOBPIPE_WORKER"),
	}
	e.log("start")
	for word := range strings.FieldsSeq(string(record)) {
		word, where, limited := strings.Cut(word, "@")
		if !limited || where == strconv.Itoa(e.attempt) || where == e.worker {
			obey(word)
		}
	}
	fmt.Printf("%d %s\n", e.seq, sumOf(record))
	e.log("end")
}

// obey does what a word of a record says.
func obey(word string) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "until":
		for {
			if _, err := os.Stat(value); err == nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	case "exit":
		os.Exit(must(strconv.Atoi(value)))
	case "signal":
		_ = syscall.Kill(os.Getpid(), syscall.Signal(must(strconv.Atoi(value))))
		select {}
	case "worker":
		_ = syscall.Kill(os.Getppid(), syscall.Signal(must(strconv.Atoi(value))))
	}
}

// log writes a line to the log, in one piece.
func (e execution) log(what string) {
	f, err := os.OpenFile(os.Getenv("EXECUTIONS"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		fail(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, executionFormat, e.seq, e.attempt, e.pid, e.worker, what); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "job:", err)
	os.Exit(99)
}
