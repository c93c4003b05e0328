package integration

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// eventually calls done until it returns true. It gives up when the deadline
// has passed, or when none of the processes runs that could bring it about. With
// no processes the system does.
func eventually(by []*process, done func() bool) bool {
	for give := time.Now().Add(deadline); ; time.Sleep(10 * time.Millisecond) {
		last := time.Now().After(give) || len(by) > 0 && !slices.ContainsFunc(by, (*process).running)
		if ok := done(); ok || last {
			return ok
		}
	}
}

// await reads a file until ok likes what is in it.
func await(by []*process, file string, ok func(text string) bool) (text string, err error) {
	var data []byte
	if eventually(by, func() bool {
		data, err = os.ReadFile(file)
		return err == nil && ok(string(data))
	}) {
		return string(data), nil
	}
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, tell(by))
	}
	return "", fmt.Errorf("waited in vain for %s, which holds:\n%s\n%s", file, data, tell(by))
}

// countLines counts the lines of a file, which need not exist.
func countLines(file string) (n int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 64<<10)
	for {
		got, err := f.Read(buf)
		n += bytes.Count(buf[:got], []byte{'\n'})
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// tell says how processes are, for a message about what did not happen.
func tell(all []*process) string {
	var out strings.Builder
	for _, p := range all {
		if p.running() {
			fmt.Fprintf(&out, "%s is running", p.name)
		} else {
			fmt.Fprintf(&out, "%s has ended with status %d", p.name, statusOf(p.cmd.ProcessState))
		}
		fmt.Fprintf(&out, "; its stderr:\n%s\n", p.stderr())
	}
	return out.String()
}
