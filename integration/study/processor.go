package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

// handOver is how long a processor may be without a job between two that follow
// each other. It is part of the time that a job takes, as is what a timer is late:
// a processor of 10 ms with enough to do ends a job every 10 ms.
const handOver = 2 * time.Millisecond

// process is the command of the workers: each line is a job that takes that long,
// and its own result.
func process(work string) {
	t, err := time.ParseDuration(work)
	if err != nil {
		fmt.Fprintln(os.Stderr, "study process:", err)
		os.Exit(2)
	}
	var due time.Time
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if now := time.Now(); now.Sub(due) > handOver {
			due = now // it was free
		}
		due = due.Add(t)
		time.Sleep(time.Until(due))
		if _, err := os.Stdout.Write(line); err != nil {
			return
		}
	}
}
