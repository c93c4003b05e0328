package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func event(n uint64) []byte {
	return Append(nil, &Event{Name: "job", Phase: Complete, Args: Args{Seq: n}})
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFile(file, func(err error) { t.Error(err) })
	for n := range uint64(1000) {
		f.Write(event(n + 1))
	}
	if missing, err := f.Close(); missing != 0 || err != nil {
		t.Errorf("%d events are missing, %v", missing, err)
	}
	b, err := os.ReadFile(path)
	if err != nil || !json.Valid(b) {
		t.Fatalf("no JSON, %v", err)
	}
	// However it is cut, what is before the cut can be read.
	for cut := 2; cut < 1000; cut += 3 {
		want := uint64(bytes.Count(b[:cut], []byte("}}")))
		var got uint64
		for e, err := range Read(bytes.NewReader(b[:cut])) {
			if got++; err != nil || e.Args.Seq != got {
				t.Fatalf("cut at %d: %+v, %v", cut, e, err)
			}
		}
		if got != want {
			t.Fatalf("cut at %d: %d events, want %d", cut, got, want)
		}
	}
}

func TestReadNoTrace(t *testing.T) {
	for _, text := range []string{"", "{}", "jobs\n", "[1]", `[{"ts":"x"}]`} {
		var failed error
		for _, err := range Read(strings.NewReader(text)) {
			failed = err
		}
		if failed == nil {
			t.Errorf("%q is taken for a trace", text)
		}
	}
}

func TestDiskIsFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /dev/full")
	}
	file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	told := make(chan error, 2)
	f := NewFile(file, func(err error) { told <- err })
	f.Write(event(1))
	if err := <-told; err != syscall.ENOSPC {
		t.Errorf("told %v", err)
	}
	f.Write(event(2))
	if missing, err := f.Close(); missing != 0 || !errors.Is(err, syscall.ENOSPC) || len(told) > 0 {
		t.Errorf("%d missing, %v, told again: %v", missing, err, len(told) > 0)
	}
}

// A reader that is slow costs events, and the trace says how many.
func TestSlowFile(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	f := newFile(w, 1<<10, func(err error) { t.Error(err) })
	const all = 20_000 // more than a pipe holds
	for n := range uint64(all) {
		f.Write(event(n + 1))
	}
	text := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(r)
		text <- b
	}()
	missing, err := f.Close()
	w.Close()
	b := <-text
	var list []Event
	if jerr := json.Unmarshal(b, &list); err != nil || jerr != nil {
		t.Fatal(err, jerr)
	}
	last := list[len(list)-1]
	if missing == 0 || len(list)-1+missing != all || last.Args.Count != uint64(missing) {
		t.Errorf("%d events and %d missing of %d; the last says %+v", len(list)-1, missing, all, last)
	}
}
