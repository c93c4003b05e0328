package output

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/jobpipe/jobpipe/engine/order"
	"github.com/jobpipe/jobpipe/engine/render"
)

func TestSpill(t *testing.T) {
	tmp := t.TempDir()
	r := start(t, Options{TempDir: tmp})
	if entries, _ := os.ReadDir(tmp); len(entries) != 0 {
		t.Error("a temporary file is made before it is needed")
	}
	big := strings.Repeat("0123456789\n", 100_000)
	r.wait(spill(0, "abc"), spill(3, big), spill(3+int64(len(big)), "def"), stdout("first\n"))
	if entries, _ := os.ReadDir(tmp); len(entries) != 0 {
		t.Error("the temporary file has a name")
	}
	done := r.wait(
		at(order.CopyStderr, 0, 3),
		at(order.CopyStdout, 3, int64(len(big))),
		at(order.Free, 3+int64(len(big)), 3),
		spill(0, "again\n"), at(order.CopyStdout, 0, 6),
	)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if r.read("stdout") != "first\n"+big+"again\n" || r.read("stderr") != "abc" {
		t.Error("what was spilled comes back different")
	}
	for _, op := range done {
		if op.Kept != 0 {
			t.Errorf("op %d keeps %d bytes of memory", op.Kind, op.Kept)
		}
	}
}

// Without a temporary directory what is spilled stays in memory, says so, and
// counts until it is written or freed.
func TestNoTemporaryDirectory(t *testing.T) {
	r := start(t, Options{TempDir: filepath.Join(t.TempDir(), "none")})
	done := r.wait(spill(0, "abcd"), spill(4, "ef"), spill(6, "ghi\n"), stdout("first\n"))
	if done[0].Kept != 4 || done[0].Data != nil || done[3].Kept != 0 {
		t.Errorf("kept %d, data %q", done[0].Kept, done[0].Data)
	}
	if err := r.SpillErr(); !errors.Is(err, syscall.ENOENT) || !strings.Contains(err.Error(), "/none: ") {
		t.Errorf("SpillErr %v", err)
	}
	done = r.wait(at(order.CopyStdout, 0, 6), at(order.Free, 6, 4))
	if done[0].Kept != -6 || done[1].Kept != -4 {
		t.Errorf("gave up %d and %d bytes, want 6 and 4", -done[0].Kept, -done[1].Kept)
	}
	if err := r.SpillErr(); err != nil {
		t.Errorf("SpillErr is still %v", err)
	}
	if err := r.Close(); err != nil || r.read("stdout") != "first\nabcdef" {
		t.Errorf("%v, stdout %q", err, r.read("stdout"))
	}
}

// What stays in memory goes to the temporary file when that can be made.
func TestRetry(t *testing.T) {
	tmp := filepath.Join(t.TempDir(), "later")
	r := start(t, Options{TempDir: tmp})
	r.wait(spill(0, "abcd"), spill(4, "ef\n"))
	if done := r.wait(order.Op{Kind: order.Retry}); done[0].Kept != 0 || r.SpillErr() == nil {
		t.Errorf("there is no directory, and yet %d bytes are in a file; SpillErr %v", -done[0].Kept, r.SpillErr())
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	if done := r.wait(order.Op{Kind: order.Retry}); done[0].Kept != -7 || r.SpillErr() != nil {
		t.Errorf("%d of 7 bytes are in the file; SpillErr %v", -done[0].Kept, r.SpillErr())
	}
	if done := r.wait(at(order.CopyStdout, 0, 7)); done[0].Kept != 0 {
		t.Errorf("%d bytes are given up twice", -done[0].Kept)
	}
	if err := r.Close(); err != nil || r.read("stdout") != "abcdef\n" {
		t.Errorf("%v, stdout %q", err, r.read("stdout"))
	}
}

// TestTemporaryDirectoryIsFull fills a file system of 1 MiB: part of a stretch
// lies in the file, part in memory.
func TestTemporaryDirectoryIsFull(t *testing.T) {
	tmp := t.TempDir()
	mountTmpfs(t, tmp)
	r := start(t, Options{TempDir: tmp})
	var want bytes.Buffer
	var ops []order.Op
	for i := range 40 { // 2.5 MiB
		chunk := bytes.Repeat([]byte{byte('a' + i%26)}, 64<<10)
		ops = append(ops, order.Op{Kind: order.Spill, Off: int64(want.Len()), Len: 64 << 10, Data: bytes.Clone(chunk)})
		want.Write(chunk)
	}
	kept := 0
	for _, op := range r.wait(ops...) {
		kept += int(op.Kept)
	}
	if err := r.SpillErr(); !errors.Is(err, syscall.ENOSPC) || kept < 1<<20 || kept >= want.Len() {
		t.Errorf("SpillErr %v, %d bytes kept", err, kept)
	}
	half := int64(20 * 64 << 10)
	for _, op := range r.wait(at(order.CopyStdout, 0, half), at(order.CopyStdout, half, half)) {
		kept += int(op.Kept)
	}
	if r.read("stdout") != want.String() || kept != 0 || r.SpillErr() != nil {
		t.Errorf("%d bytes still kept, SpillErr %v, or stdout differs", kept, r.SpillErr())
	}
	if runtime.GOOS == "linux" { // the copied part was given back
		if done := r.wait(spill(1<<40, strings.Repeat("x", 900<<10))); done[0].Kept != 0 {
			t.Errorf("there is no room on disk: %v", r.SpillErr())
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestStageAndWriter runs the two together: results in random order, with a
// budget of little and a disk that is too small now and then.
func TestStageAndWriter(t *testing.T) {
	for _, tmp := range []string{t.TempDir(), "/nonexistent/directory"} {
		const seed = 11
		rng := rand.New(rand.NewPCG(seed, 2))
		r := start(t, Options{TempDir: tmp})
		s := order.New(true, '\n', 256<<10)
		results := make([][]byte, 400)
		for i := range results {
			results[i] = append(bytes.Repeat([]byte{byte('a' + i%26)}, rng.IntN(20<<10)), '\n')
		}
		sequence := rng.Perm(len(results))
		sequence = append(sequence, -1)
		acked := 0
		var ops, done []order.Op
		var due []order.Receipt
		for _, i := range sequence {
			if i >= 0 {
				s.Emit(order.Receipt{Seq: uint64(i) + 1, Count: 1, Bytes: len(results[i])}, results[i])
			}
			for {
				ops = s.Ops(ops[:0])
				r.Submit(ops)
				done = r.Completed(done[:0])
				for _, op := range done {
					s.Done(op)
				}
				due = s.Receipts(due[:0])
				for _, d := range due {
					acked += d.Count
				}
				if i >= 0 || s.Empty() {
					break
				}
				if len(ops) == 0 && len(done) == 0 {
					<-r.bell
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if r.read("stdout") != string(bytes.Join(results, nil)) || acked != len(results) || s.Memory() != 0 {
			t.Errorf("seed %d, %s: output differs, or %d of %d acknowledged, or %d bytes left", seed, tmp, acked, len(results), s.Memory())
		}
	}
}

func TestPipeIsWidened(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pipes are widened on Linux only")
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	defer pw.Close()
	r := start(t, Options{Stdout: pw})
	defer r.Close()
	if n, err := pipeCapacity(pw); err != nil || n < 1<<20 && unix.Geteuid() == 0 {
		t.Errorf("the pipe holds %d bytes, %v", n, err)
	}
}

// What is kept as it came is worded when it is written, wherever it was kept, and
// whatever else is done in between.
func TestForms(t *testing.T) {
	r := start(t, Options{Delim: '\n'})
	form := func(op order.Op, f render.Form) order.Op {
		op.Form = f
		return op
	}
	big := bytes.Repeat([]byte("0123456\xff9\n"), 100_000)
	n := int64(len(big))
	r.wait(
		spill(0, string(big)), spill(n, "a\"b"), spill(n+3, "one\ntwo"),
		stdout(`"`), form(stdout("x"), render.Base64), stderr("among\n"), form(at(order.CopyStdout, 0, n), render.Base64), stdout("\"\n\""),
		form(at(order.CopyStdout, n, 3), render.Escaped), stdout("\"\n"),
		form(stdout("job\t"), render.Tag), form(at(order.CopyStdout, n+3, 7), render.Tagged), form(stdout("\nthree\n"), render.Tagged),
	)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	want := `"` + base64.StdEncoding.EncodeToString(append([]byte("x"), big...)) + "\"\n" + `"a\"b"` + "\njob\tone\njob\ttwo\njob\tthree\n"
	if got := r.read("stdout"); got != want {
		t.Errorf("stdout has %d bytes, want %d:\n%.50q\n%.50q", len(got), len(want), got, want)
	}
	if got := r.read("stderr"); got != "among\n" {
		t.Errorf("stderr holds %q", got)
	}
}
