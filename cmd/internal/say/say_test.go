package say

import (
	"bufio"
	"os"
	"testing"
	"time"
)

func TestLines(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	hurry := make(chan struct{})
	write := Lines(w, hurry)
	write([]byte("one\n"))
	close(hurry)
	write([]byte("two\n"))
	lines := bufio.NewScanner(r)
	for _, want := range []string{"one", "two"} {
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("%q, want %q", lines.Text(), want)
		}
	}
}

// Nobody reads: a line that waits, and one that comes later, are given up in a hurry.
func TestNobodyReads(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	_ = w.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	for err == nil {
		_, err = w.Write(make([]byte, 4096))
	}
	_ = w.SetWriteDeadline(time.Time{})

	hurry := make(chan struct{})
	write := Lines(w, hurry)
	said := make(chan struct{})
	go func() {
		write([]byte("one\n"))
		write([]byte("two\n"))
		close(said)
	}()
	select {
	case <-said:
		t.Fatal("a line was given up without a hurry")
	case <-time.After(2 * patience):
	}
	close(hurry)
	<-said
}
