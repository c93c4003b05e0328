package integration

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// strangers ADDRESS N holds so many idle connections, instead of those it held
// before. That they are refused is as good.
func strangers(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	s := stageOf(ts)
	for _, c := range s.idle {
		_ = c.Close()
	}
	s.idle = nil
	for range n {
		c, err := net.DialTimeout("tcp", args[0], deadline)
		ts.Check(err)
		s.idle = append(s.idle, c)
	}
	ts.Defer(func() {
		for _, c := range s.idle {
			_ = c.Close()
		}
	})
}

// stranger ADDRESS TEXT...: says each text on a connection of its own, and wants
// them all to be closed by the other side without a word of the user's data.
func stranger(ts *testscript.TestScript, args []string) {
	var all sync.WaitGroup
	faults := make([]string, len(args))
	for i, text := range args[1:] {
		said, err := strconv.Unquote(`"` + text + `"`)
		ts.Check(err)
		all.Go(func() { faults[i] = bother(args[0], said) })
	}
	all.Wait()
	for i, text := range args[1:] {
		if faults[i] != "" {
			ts.Fatalf("a stranger who said %s: %s", text, faults[i])
		}
	}
}

// bother connects, says something, and returns what is wrong with what happens
// until the other side closes.
func bother(addr, said string) (fault string) {
	conn, err := net.DialTimeout("tcp", addr, deadline)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(deadline))
	_, _ = io.WriteString(conn, said)
	answer, err := io.ReadAll(conn)
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return "the connection is not closed"
	}
	if strings.Contains(string(answer), "secret") || len(answer) > 256 {
		return fmt.Sprintf("was told %q", answer)
	}
	return ""
}
