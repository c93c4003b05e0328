package integration

import (
	"bufio"
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
//	sleep=TIME  sleep that long, 20ms say
//	pad=N       print N bytes more
//
// A word that ends with @N counts only in attempt N, with @NAME only on the
// worker of that name. "job lines" answers line by line; there the first word
// of a record is the job's number, and the attempt is 0.
func job() {
	if len(os.Args) > 1 && os.Args[1] == "lines" {
		jobLines()
		return
	}
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
	e.do(record)
}

// jobLines is the program in line mode.
func jobLines() {
	e := execution{pid: os.Getpid(), worker: "lines"}
	in := bufio.NewReader(os.Stdin)
	for {
		record, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		record = bytes.TrimSuffix(record, []byte("\n"))
		number, _, _ := strings.Cut(string(record), " ")
		if e.seq, err = strconv.Atoi(number); err != nil {
			fail(err)
		}
		e.do(record)
	}
}

// do is an execution.
func (e execution) do(record []byte) {
	e.log("start")
	for word := range strings.FieldsSeq(string(record)) {
		word, where, limited := strings.Cut(word, "@")
		if !limited || where == strconv.Itoa(e.attempt) || where == e.worker {
			obey(word)
		}
	}
	fmt.Printf("%d %s\n", e.seq, answerTo(record))
	e.log("end")
}

// answerTo is what is to be printed besides the number.
func answerTo(record []byte) string {
	answer := sumOf(record)
	if _, rest, found := bytes.Cut(record, []byte("pad=")); found {
		size, _, _ := bytes.Cut(rest, []byte(" "))
		answer += " " + strings.Repeat("x", must(strconv.Atoi(string(size))))
	}
	return answer
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
	case "sleep":
		time.Sleep(must(time.ParseDuration(value)))
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
