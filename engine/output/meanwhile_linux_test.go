package output

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/order"
)

// TestMessagesWhileStdoutIsFull: they go past results that nobody takes, each
// once and in their order; then the results come, whole.
func TestMessagesWhileStdoutIsFull(t *testing.T) {
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	said, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	var r *rig
	told := make(chan struct{})
	r = start(t, Options{Stdout: stdout, Stderr: stderr, Stuck: func() {
		<-told
		r.Message([]byte("it waits\n"))
	}})
	r.looksWarned = 5
	close(told)
	results := bytes.Repeat([]byte("result\n"), 1<<19)
	r.Submit([]order.Op{{Kind: order.Stdout, Data: results}})
	r.Message([]byte("one\n"))
	expect := func(want string) {
		t.Helper()
		b := make([]byte, len(want))
		if _, err := io.ReadFull(said, b); err != nil || string(b) != want {
			t.Fatalf("%q is said (%v), want %q", b, err, want)
		}
	}
	expect("one\n")
	r.Message([]byte("two\n"))
	expect("two\n")
	expect("it waits\n")
	for end := time.Now().Add(forever); r.Backlog() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes wait that were said", r.Backlog())
		}
	}
	got := make([]byte, len(results))
	if _, err := io.ReadFull(out, got); err != nil || !bytes.Equal(got, results) {
		t.Errorf("the results are not what was handed in (%v)", err)
	}
	r.Message([]byte("three\n"))
	if err := r.Close(); err != nil || r.Stuck() > 0 {
		t.Errorf("closed: %v; stuck: %v", err, r.Stuck())
	}
	stdout.Close()
	stderr.Close()
	if rest, err := io.ReadAll(said); string(rest) != "three\n" {
		t.Errorf("then %q was said (%v)", rest, err)
	}
	if rest, err := io.ReadAll(out); len(rest) != 0 || err != nil {
		t.Errorf("%d bytes more came (%v)", len(rest), err)
	}
}

// TestMessagesAmongResults: where both go into one pipe, a message is no part of
// a result.
func TestMessagesAmongResults(t *testing.T) {
	out, both, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	r := start(t, Options{Stdout: both, Stderr: both})
	results := strings.Repeat("result\n", 1<<19)
	r.Submit([]order.Op{{Kind: order.Stdout, Data: []byte(results)}})
	r.Message([]byte("message\n"))
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(out)
		got <- string(b)
	}()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if r.stdout.ours || r.stdout.meanwhile != nil {
		t.Error("the pipe is written as if it were for results alone")
	}
	both.Close()
	if text := <-got; text != results+"message\n" {
		t.Errorf("%d bytes came, or in another order", len(text))
	}
}
